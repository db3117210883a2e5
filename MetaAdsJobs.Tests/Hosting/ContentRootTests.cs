using MetaAdsJobs.Core.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Hosting;

namespace MetaAdsJobs.Tests.Hosting;

/// <summary>appsettings.json is read beside the program, wherever it was started, and watched by nobody.</summary>
[TestFixture]
public sealed class ContentRootTests
{
    [Test]
    public void The_settings_are_those_beside_the_program_and_no_file_is_watched()
    {
        var worker = Host.CreateApplicationBuilder(ContentRoot.Settings([]));
        var api = WebApplication.CreateBuilder(new WebApplicationOptions { Args = ContentRoot.Arguments([]), ContentRootPath = ContentRoot.Folder });
        foreach (var (root, configuration) in (IEnumerable<(string, IConfigurationManager)>)[(worker.Environment.ContentRootPath, worker.Configuration), (api.Environment.ContentRootPath, api.Configuration)])
        {
            Assert.That(root, Is.EqualTo(AppContext.BaseDirectory));
            var files = configuration.Sources.OfType<JsonConfigurationSource>().ToList();
            Assert.That(files.Select(file => file.Path), Does.Contain("appsettings.json"));
            Assert.That(files.Where(file => file.ReloadOnChange), Is.Empty);
        }
    }
}
