namespace Malrule.Inference;

/// <summary>How far a download is.</summary>
/// <param name="Bytes">Bytes that are here, those of earlier runs included.</param>
/// <param name="TotalBytes">Bytes of all files to download; 0 while not known.</param>
/// <param name="Files">Files that are complete.</param>
/// <param name="TotalFiles">All files to download.</param>
/// <param name="Message">What else is to be told, such as a wait; null: nothing.</param>
public readonly record struct HubProgress(long Bytes, long TotalBytes, int Files, int TotalFiles, string? Message);
