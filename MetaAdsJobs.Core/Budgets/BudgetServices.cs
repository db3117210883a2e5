using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Budgets.CarryingOut;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Budgets.Proposing;
using MetaAdsJobs.Core.Budgets.Reading;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Core.Budgets;

public static class BudgetServices
{
    public static IServiceCollection AddBudgets(this IServiceCollection services)
    {
        return services
            .AddSingleton(provider => new BudgetPoolStore(provider.GetRequiredService<NpgsqlDataSource>()))
            .AddSingleton(provider => new SaveBudgetPool(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<BudgetPoolStore>(), provider.GetRequiredService<AccountStore>(), provider.GetRequiredService<TimeProvider>()))
            .AddSingleton<PictureReader>()
            .AddSingleton<ProposeBudgets>()
            .AddSingleton(provider => new BacktestPool(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<BudgetPoolStore>(), provider.GetRequiredService<SaveBudgetPool>(),
                provider.GetRequiredService<PictureReader>(), provider.GetRequiredService<TimeProvider>()))
            .AddSingleton<CarryOutProposals>()
            .AddSingleton<AnswerProposal>()
            .AddSingleton(provider => new BudgetReader(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<PictureReader>(), provider.GetRequiredService<TimeProvider>()));
    }
}
