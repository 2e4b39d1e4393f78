namespace Malrule.Inference.Hub;

/// <summary>A model of the hub: <c>org/name</c>, or <c>org/name@revision</c> with a branch, tag or commit.</summary>
internal sealed record HubModelId(string Organisation, string Name, string? Revision)
{
    private const int LongestPart = 96;

    /// <summary>The name without the revision.</summary>
    public string Repository => $"{Organisation}/{Name}";

    public override string ToString() => Revision is null ? Repository : $"{Repository}@{Revision}";

    /// <summary>The id that the text names; null where it is none.</summary>
    public static HubModelId? TryParse(string text)
    {
        int at = text.IndexOf('@', StringComparison.Ordinal);
        string? revision = at < 0 ? null : text[(at + 1)..];
        string[] parts = (at < 0 ? text : text[..at]).Split('/');
        return parts.Length == 2 && parts.All(IsPart) && (revision is null || HubFileName.IsSafe(revision)) ? new HubModelId(parts[0], parts[1], revision) : null;
    }

    /// <summary>The id that a folder of the cache is named after, <c>models--org--name</c>; null where it is none.</summary>
    public static HubModelId? FromFolder(string folder) =>
        folder.Split("--") is ["models", var organisation, var name] ? TryParse($"{organisation}/{name}") : null;

    // Two dashes stand for the slash in the cache's folder names; the hub allows them no more than two dots.
    private static bool IsPart(string part) => part.Length is > 0 and <= LongestPart
        && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
        && part[0] is not ('.' or '-') && !part.Contains("..", StringComparison.Ordinal) && !part.Contains("--", StringComparison.Ordinal);
}
