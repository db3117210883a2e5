// The main job by a client that was generated from docs/openapi.json: an account, a clip, a run to its end, its numbers.
using System.Net.Http.Headers;
using MetaAdsJobs.Generated;

string Given(string name) => Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set");

using var http = new HttpClient { DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Given("TOKEN")) } };
var client = new AdsClient(http) { BaseUrl = Given("BASE_URL") };
var key = Given("RUN_KEY");

var account = await client.CreateAccountAsync(new AccountBody
{
    Name = "By a client", Ad_account_id = "act_7700000001", Page_id = "2000000001", Currency = "USD", Timezone_name = "America/New_York", Default_countries = ["US"], Access_token = Given("META_TOKEN"),
}, $"account {key}");
var clip = await client.CreateClipAsync(new ClipBody { Title = "By a client", Image_url = Given("IMAGE_URL") });
var request = new OrchestrationRequest
{
    Social_account_id = account.Id, Clip_id = clip.Id, Campaign_name = "By a client", Campaign_objective = OrchestrationRequestCampaign_objective.OUTCOME_TRAFFIC,
    Optimization_goal = OrchestrationRequestOptimization_goal.LINK_CLICKS, Daily_budget_cents = 2000, Creative_title = "New in", Landing_url = "https://example.com/autumn",
};
Guid id;
try
{
    // Of two ways to succeed this generator returns one, and throws the other.
    id = (await client.RunOrchestrationAsync(request, $"run {key}")).Request_id;
}
catch (ApiException<AcceptedResponse> accepted)
{
    id = accepted.Result.Request_id;
}

OrchestrationResult result;
for (var look = 0; ; look++)
{
    result = await client.GetRunAsync(id);
    if (result.Status is OrchestrationResultStatus.Succeeded or OrchestrationResultStatus.Failed or OrchestrationResultStatus.Cancelled || look == 300) break;
    await Task.Delay(200);
}

if (result.Status != OrchestrationResultStatus.Succeeded) throw new InvalidOperationException($"The run is {result.Status}: {string.Join(", ", result.Errors)}");
var listed = await client.ListRunsAsync(status: Status.Succeeded, social_account_id: account.Id, limit: 1);
if (listed.Items.Count != 1) throw new InvalidOperationException("The run is not listed");
await client.ListInsightsAsync(social_account_id: account.Id, level: Level.Campaign);
try
{
    await client.GetRunAsync(account.Id);
    throw new InvalidOperationException("Not refused");
}
catch (ApiException<Problem> refused) when (refused.Result.Code == ProblemCode.Unknown_id)
{
    Console.WriteLine($"done {id} {result.Campaign_creation.Campaign_meta_id}");
}
