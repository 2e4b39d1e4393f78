namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>Python's operators on a template's values: integers of 64 bits (an overflow is an error), floats, strings and lists.</summary>
internal static class Arithmetic
{
    public static object Signed(object? value, bool isNegative, Rendering rendering)
    {
        if (Values.Integer(value) is long integer)
            return isNegative ? Checked(() => checked(-integer), rendering) : integer;
        if (value is double real)
            return isNegative ? -real : real;
        throw Values.Unusable(value, rendering) ?? rendering.Error($"{Values.Kind(value)} has no sign.");
    }

    public static object? Apply(string symbol, object? left, object? right, Rendering rendering)
    {
        if (Values.Integer(left) is long leftInteger && Values.Integer(right) is long rightInteger)
            return Integers(symbol, leftInteger, rightInteger, rendering);
        if (Values.Number(left) is double leftNumber && Values.Number(right) is double rightNumber)
            return Reals(symbol, leftNumber, rightNumber, rendering);
        switch (symbol)
        {
            case "+" when left is string leftText && right is string rightText:
                rendering.SpendCharacters((long)leftText.Length + rightText.Length);
                return leftText + rightText;
            case "+" when left is ListValue leftList && right is ListValue rightList && leftList.IsTuple == rightList.IsTuple:
                rendering.Spend((long)leftList.Items.Count + rightList.Items.Count);
                return new ListValue([.. leftList.Items, .. rightList.Items], leftList.IsTuple);
            case "*" when Values.Integer(right) is long times && left is string or ListValue:
                return Repeated(left, times, rendering);
            case "*" when Values.Integer(left) is long times && right is string or ListValue:
                return Repeated(right, times, rendering);
            case "%" when left is string format:
                return right is ListValue { IsTuple: true } all ? Formatting.Percent(format, all.Items, false, rendering)
                    : Formatting.Percent(format, [right], right is ListValue or DictionaryValue, rendering);
            default:
                throw Values.Unusable(left, rendering) ?? Values.Unusable(right, rendering)
                    ?? rendering.Error($"{Values.Kind(left)} and {Values.Kind(right)} cannot be combined by '{symbol}'.");
        }
    }

    private static object Integers(string symbol, long left, long right, Rendering rendering)
    {
        if (symbol is "/" or "//" or "%" && right == 0)
            throw rendering.Error("division by zero.");
        return symbol switch
        {
            "+" => (object)Checked(() => checked(left + right), rendering), // boxed, or the switch would turn every integer into a double
            "-" => Checked(() => checked(left - right), rendering),
            "*" => Checked(() => checked(left * right), rendering),
            "/" => (double)left / right,
            "//" => Checked(() => checked(left / right) - (left % right != 0 && left < 0 != right < 0 ? 1 : 0), rendering),
            "%" => right == -1 ? 0L : left % right is long rest && rest != 0 && rest < 0 != right < 0 ? rest + right : left % right,
            _ when right < 0 => Math.Pow(left, right),
            _ => Checked(() => Power(left, right), rendering),
        };
    }

    private static long Power(long number, long exponent)
    {
        long result = 1;
        for (; exponent > 0; exponent >>= 1)
        {
            if ((exponent & 1) != 0)
                result = checked(result * number);
            if (exponent > 1)
                number = checked(number * number);
        }
        return result;
    }

    private static double Reals(string symbol, double left, double right, Rendering rendering)
    {
        if (symbol is "/" or "//" or "%" && right == 0)
            throw rendering.Error("division by zero.");
        return symbol switch
        {
            "+" => left + right,
            "-" => left - right,
            "*" => left * right,
            "/" => left / right,
            "//" => Math.Floor(left / right),
            "%" => left - Math.Floor(left / right) * right,
            _ => Math.Pow(left, right),
        };
    }

    private static object Repeated(object? value, long times, Rendering rendering)
    {
        times = Math.Max(0, times);
        if (value is string text)
        {
            rendering.SpendCharacters(text.Length == 0 ? 0 : Math.Min(times, Rendering.MaxCharacters + 1L) * text.Length);
            return text.Length == 0 ? "" : string.Concat(Enumerable.Repeat(text, (int)times));
        }
        var list = (ListValue)value!;
        rendering.Spend(list.Items.Count == 0 ? 0 : Math.Min(times, Rendering.MaxSteps + 1L) * list.Items.Count);
        return new ListValue(list.Items.Count == 0 ? [] : [.. Enumerable.Repeat(list.Items, (int)times).SelectMany(items => items)], list.IsTuple);
    }

    private static long Checked(Func<long> compute, Rendering rendering)
    {
        try
        {
            return compute();
        }
        catch (OverflowException e)
        {
            throw new InvalidInputException(rendering.Error("a number grows beyond 64 bits.").Message, e);
        }
    }
}
