namespace Malrule.Inference.Verification;

/// <summary>The checks made so far. A check that throws what a bad model or file makes it throw has failed.</summary>
internal sealed class CheckLog(Action<ModelCheck>? finished, CancellationToken cancellationToken)
{
    private readonly List<ModelCheck> _checks = [];

    public IReadOnlyList<ModelCheck> Checks => _checks;

    public bool HasFailed(string name) => _checks.Any(check => check.Name == name && check.Verdict == CheckVerdict.Failed);

    public void Add(ModelCheck check)
    {
        _checks.Add(check);
        finished?.Invoke(check);
    }

    public void Run(string name, Func<ModelCheck> check)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ModelCheck result;
        try
        {
            result = check();
        }
        catch (Exception error) when (IsOfTheModel(error))
        {
            result = new ModelCheck(name, CheckVerdict.Failed, error.Message);
        }
        Add(result);
    }

    /// <summary>The work's result; null where it failed, which is noted under <paramref name="name"/>.</summary>
    public async Task<T?> TryAsync<T>(string name, Func<Task<T>> work) where T : class
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception error) when (IsOfTheModel(error))
        {
            Add(new ModelCheck(name, CheckVerdict.Failed, error.Message));
            return null;
        }
    }

    private static bool IsOfTheModel(Exception error) => error is MalruleException or IOException or UnauthorizedAccessException;
}
