namespace MetaAdsJobs.Console.Language;

/// <summary>Texts of the console and of the pages around a session, by their English words (Words.es.resx). Meta's own names and messages stay as they are.</summary>
public sealed class Words;

/// <summary>
/// What a thing is or how it stands, in one word or two (Marks.es.resx): states, steps, roles. Apart from the texts, because resources tell no capitals
/// apart: "Failed" stands over a column of numbers, "failed" is said of one run, and in Spanish they differ.
/// </summary>
internal sealed class Marks;
