namespace Malrule.Inference.Diagnostics;

/// <summary>How long a step took and what it computed.</summary>
internal readonly record struct StepTime(double Seconds, long PromptTokens, long GeneratedTokens);
