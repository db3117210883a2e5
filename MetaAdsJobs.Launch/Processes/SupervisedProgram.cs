namespace MetaAdsJobs.Launch.Processes;

/// <summary>A program to keep running: its name for people and for its log file, and what to start.</summary>
internal sealed record SupervisedProgram(string Name, string Dll, IReadOnlyDictionary<string, string?> Environment);
