namespace Malrule.Inference;

/// <summary>
/// The base of every error Malrule reports on purpose. The message is written for the user: it says what is wrong and where,
/// what was expected, what was found, and how to fix it.
/// </summary>
public class MalruleException : Exception
{
    /// <summary>An error with a message for the user.</summary>
    public MalruleException(string message, Exception? innerException = null) : base(message, innerException) { }
}

/// <summary>The caller's input (a file, an option or a request) is wrong; the tool exits with code 2.</summary>
public class InvalidInputException : MalruleException
{
    /// <summary>An error in what the caller gave.</summary>
    public InvalidInputException(string message, Exception? innerException = null) : base(message, innerException) { }
}
