using Malrule.SampleBank;

namespace Malrule.Corpus;

/// <summary>
/// What one conversation calls the mal-rules, the same in its demonstrations and in its last answer. Most conversations use the
/// catalogue's names; some use paraphrases, so that the model knows the meaning and not one string; some give rules names made up for
/// this conversation, or add invented procedures, so that it learns to copy a name from a demonstration of the same error.
/// </summary>
internal sealed class Dialect
{
    private enum Style
    {
        Catalogue,
        Paraphrased,
        Renamed,
        Invented,
    }

    private static readonly int[] StyleWeights = [50, 14, 14, 22];
    private readonly SeededRandom _random;
    private readonly Style _style;
    private readonly Dictionary<MalRule, (string Name, bool IsLocal)> _names = [];

    public Dialect(SeededRandom random)
    {
        _random = random;
        _style = (Style)random.Weighted(StyleWeights);
    }

    /// <summary>Whether procedures that exist only here take part.</summary>
    public bool Invents => _style == Style.Invented;

    /// <summary>The name of a rule here, and whether only a demonstration can tell it.</summary>
    public (string Name, bool IsLocal) NameOf(MalRule rule)
    {
        if (!_names.TryGetValue(rule, out (string, bool) name))
            _names.Add(rule, name = Choose(rule));
        return name;
    }

    private (string Name, bool IsLocal) Choose(MalRule rule)
    {
        switch (_style)
        {
            case Style.Paraphrased when _random.Chance(0.7):
                return (_random.Pick(rule.Paraphrases), false);
            case Style.Renamed when _random.Chance(0.6):
                MalRule other = _random.Pick(Curriculum.Rules);
                bool borrows = !other.IsKeptOut && other.Construct != rule.Construct && _random.Chance(0.4);
                return (borrows ? _random.Pick([other.Name, .. other.Paraphrases]) : Phrasebook.Coin(_random), true);
            default:
                return (rule.Name, false);
        }
    }
}
