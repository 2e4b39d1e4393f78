using Malrule.Mining.Questions;

namespace Malrule.Mining.Demonstrations;

/// <summary>
/// The tutorial's rule: k random questions of exactly the same construct and subject; where there are fewer, all of them and random ones
/// that share either; where those do not suffice, the fallback adds random ones that share neither. Where even these run out, the
/// tutorial raises an error and this returns what there is.
/// </summary>
internal sealed class SameTopicDemonstrations(IReadOnlyList<Question> labelled, bool fallbackDropsExactMatches)
{
    private readonly ILookup<(string, string), Question> _ofTopic = labelled.ToLookup(question => (question.ConstructName, question.SubjectName));
    private readonly ILookup<string, Question> _ofConstruct = labelled.ToLookup(question => question.ConstructName);
    private readonly ILookup<string, Question> _ofSubject = labelled.ToLookup(question => question.SubjectName);

    public IReadOnlyList<Question> Select(Question target, int shots, SplitMix64 random)
    {
        (string construct, string subject) = (target.ConstructName, target.SubjectName);
        Question[] exact = [.. _ofTopic[(construct, subject)].Where(question => question.Id != target.Id)];
        if (exact.Length >= shots)
            return random.Sample(exact, shots);

        Question[] near =
        [
            .. _ofSubject[subject].Where(question => question.ConstructName != construct)
                .Concat(_ofConstruct[construct].Where(question => question.SubjectName != subject))
                .Where(question => question.Id != target.Id)
                .OrderBy(question => question.Id),
        ];
        if (near.Length >= shots - exact.Length)
            return [.. exact, .. random.Sample(near, shots - exact.Length)];

        Question[] rest = [.. labelled.Where(question => question.ConstructName != construct && question.SubjectName != subject && question.Id != target.Id)];
        Question[] kept = fallbackDropsExactMatches ? near : [.. exact, .. near];
        return [.. kept, .. random.Sample(rest, shots - kept.Length)];
    }
}
