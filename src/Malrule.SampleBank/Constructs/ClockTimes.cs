using System.Globalization;
using static Malrule.SampleBank.Answer;
using P = (int Hour, int Minute, int Duration);

namespace Malrule.SampleBank.Constructs;

/// <summary>When something ends that starts at 14:45 and takes 135 minutes.</summary>
internal static class ClockTimes
{
    public static Construct Construct { get; } = new Construct<P>("Add a duration in minutes to a time", "Time")
    {
        Sample = r => (r.Int(6, 18), r.Int(1, 59), r.Int(25, 195)),
        Where = p => p.Minute + p.Duration >= 61 && p.Duration % 60 != 0,
        Key = p => At(p.Hour + (p.Minute + p.Duration) / 60, (p.Minute + p.Duration) % 60),
        Stems =
        [
            p => $@"A film starts at {Start(p)} and lasts \( {p.Duration} \) minutes. When does it end?",
            p => $@"What time is it \( {p.Duration} \) minutes after {Start(p)}?",
            p => $"A train leaves at {Start(p)}.\nThe journey takes \\( {p.Duration} \\) minutes.\nAt what time does it arrive?",
            p => $@"@name puts a cake in the oven at {Start(p)}. It bakes for \( {p.Duration} \) minutes. When is it ready?",
            p => $@"A match begins at {Start(p)} and is over \( {p.Duration} \) minutes later. At what time is it over?",
            p => $@"Add \( {p.Duration} \) minutes to {Start(p)}.",
            p => $@"@name meets a friend at {Start(p)} and stays for \( {p.Duration} \) minutes. At what time does @name leave?",
        ],
        HeldOutStems =
        [
            p => $@"A parking ticket bought at {Start(p)} is valid for \( {p.Duration} \) minutes. Until when?",
            p => $@"The battery is full at {Start(p)} and runs for \( {p.Duration} \) minutes. At what time is it empty?",
        ],
        MalRules =
        [
            new("Counts a hundred minutes to the hour",
                p => At(p.Hour + (p.Minute + p.Duration) / 100, (p.Minute + p.Duration) % 100),
                "Adds times as if they were decimal numbers",
                "Carries to the hours at 100 minutes instead of at 60",
                "Treats a time like an ordinary four-digit number",
                "Thinks a new hour begins after one hundred minutes",
                "Uses base ten for minutes and hours",
                "Adds the minutes to the digits of the time without regrouping in sixties"),
            new("Forgets to carry the full hours when the minutes pass sixty",
                p => At(p.Hour, (p.Minute + p.Duration) % 60),
                "Adds the minutes but leaves the hour as it was",
                "Gets the minutes right and does not change the hour",
                "Drops the hours that the minutes make up",
                "Does not increase the hour after regrouping the minutes",
                "Loses whole hours in an addition of times",
                "Starts the minutes again from zero within the same hour"),
            new("Reads a duration such as 135 minutes as 1 hour and 35 minutes",
                p => p.Duration < 100 ? null : At(
                    p.Hour + p.Duration / 100 + (p.Minute + p.Duration % 100) / 60, (p.Minute + p.Duration % 100) % 60),
                "Takes the hundreds digit of a number of minutes as hours",
                "Splits minutes into hours and minutes after the first digit",
                "Converts 120 minutes to 1 hour 20 minutes",
                "Believes 100 minutes are one hour when changing a duration",
                "Writes a number of minutes as hours and minutes by its digits",
                "Reads the duration as if its first digit were hours"),
            new("Subtracts the duration from the starting time",
                p => p.Hour * 60 + p.Minute - p.Duration is var minutes && minutes > 0 ? At(minutes / 60, minutes % 60) : null,
                "Goes back in time instead of forward",
                "Finds when something would have had to start",
                "Takes the minutes away instead of adding them",
                "Confuses the end of an event with its beginning",
                "Counts backwards from the given time",
                "Works out a time before the start rather than after it"),
            new("Adds one hour too many when the minutes pass sixty",
                p => At(p.Hour + (p.Minute + p.Duration) / 60 + 1, (p.Minute + p.Duration) % 60),
                "Counts an extra hour when regrouping minutes",
                "Carries twice into the hours",
                "Gets the minutes right but is an hour late",
                "Adds the hour of the starting time to the count once more",
                "Believes passing the full hour counts as another hour",
                "Increases the hour by one more than the minutes make up"),
        ],
        Quantities = p => [("the hour", p.Hour), ("the minutes", p.Minute), ("the duration", p.Duration), ("the minutes of an hour", 60)],
        Render = (p, value) => value.IsInteger && value > 0 && value < 1440 ? At((int)value.Numerator / 60, (int)value.Numerator % 60) : null,
    };

    private static Answer? At(int hour, int minute) => Written(string.Create(CultureInfo.InvariantCulture, $"{hour}: {minute:00}"));

    private static string Start(P p) => At(p.Hour, p.Minute)!.Value.Text;
}
