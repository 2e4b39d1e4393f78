namespace Malrule.Inference;

/// <summary>A model computed NaN or infinity: a damaged checkpoint, or a range that fast mode does not have.</summary>
public sealed class NotFiniteException : MalruleException
{
    internal NotFiniteException(string message) : base(message) { }
}
