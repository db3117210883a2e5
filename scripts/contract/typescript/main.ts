// The main job by a client that was generated from docs/openapi.json: an account, a clip, a run to its end, its numbers.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const client = createClient<paths>({ baseUrl: process.env.BASE_URL!, headers: { Authorization: `Bearer ${process.env.TOKEN}` } });
type Problem = components["schemas"]["Problem"];

function need<T>(answer: { data?: T; error?: Problem; response: Response }): T {
  if (answer.data === undefined) throw new Error(`${answer.response.status} ${answer.error?.code}: ${JSON.stringify(answer.error)}`);
  return answer.data;
}

const account = need(await client.POST("/meta/accounts", {
  params: { header: { "Idempotency-Key": `account ${process.env.RUN_KEY}` } },
  body: {
    name: "By a client", ad_account_id: "act_7700000002", page_id: "2000000001", currency: "USD", timezone_name: "America/New_York", default_countries: ["US"], access_token: process.env.META_TOKEN!,
  },
}));
const clip = need(await client.POST("/meta/clips", { body: { title: "By a client", image_url: process.env.IMAGE_URL! } }));
const accepted = await client.POST("/meta/orchestrate/run", {
  params: { header: { "Idempotency-Key": `run ${process.env.RUN_KEY}` } },
  body: {
    social_account_id: account.id, clip_id: clip.id, campaign_name: "By a client", campaign_objective: "OUTCOME_TRAFFIC", optimization_goal: "LINK_CLICKS", daily_budget_cents: 2000,
    creative_title: "New in", landing_url: "https://example.com/autumn",
  },
});
const run = need(accepted);
let result: components["schemas"]["OrchestrationResult"] | undefined;
let seen: string | undefined;
for (let look = 0; look < 300 && !["succeeded", "failed", "cancelled"].includes(result?.status ?? ""); look++) {
  const answer = await client.GET("/meta/orchestrate/runs/{requestId}", { params: { path: { requestId: run.request_id }, header: { "If-None-Match": seen } } });
  seen = answer.response.headers.get("ETag") ?? seen;
  if (answer.response.status !== 304) result = need(answer);
  await new Promise((done) => setTimeout(done, 200));
}
if (result?.status !== "succeeded" || !result.campaign_creation.campaign_meta_id) throw new Error(JSON.stringify(result));
const listed = need(await client.GET("/meta/orchestrate/runs", { params: { query: { social_account_id: account.id, status: "succeeded", limit: 1 } } }));
if (listed.items.length !== 1) throw new Error("The run is not listed");
need(await client.GET("/meta/insights", { params: { query: { social_account_id: account.id, level: "campaign" } } }));
const refused = await client.GET("/meta/orchestrate/runs/{requestId}", { params: { path: { requestId: account.id } } });
if (refused.error?.code !== "unknown_id") throw new Error(`Not refused as described: ${JSON.stringify(refused.error)}`);
console.log(`done ${run.request_id} ${result.campaign_creation.campaign_meta_id}`);
