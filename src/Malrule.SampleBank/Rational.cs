using System.Globalization;

namespace Malrule.SampleBank;

/// <summary>An exact fraction in lowest terms with a positive denominator. Overflow of 64 bits throws.</summary>
internal readonly struct Rational : IEquatable<Rational>, IComparable<Rational>
{
    private readonly long _denominatorLessOne; // so that default(Rational) is 0/1

    public Rational(long numerator, long denominator = 1)
    {
        if (denominator == 0)
            throw new DivideByZeroException();
        long divisor = GreatestCommonDivisor(numerator, denominator);
        if (denominator < 0)
            divisor = -divisor;
        Numerator = numerator / divisor;
        _denominatorLessOne = denominator / divisor - 1;
    }

    public long Numerator { get; }

    public long Denominator => _denominatorLessOne + 1;

    public bool IsInteger => _denominatorLessOne == 0;

    public static implicit operator Rational(long value) => new(value);

    public static Rational operator +(Rational a, Rational b) => checked(
        new(a.Numerator * b.Denominator + b.Numerator * a.Denominator, a.Denominator * b.Denominator));

    public static Rational operator -(Rational a, Rational b) => a + -b;

    public static Rational operator -(Rational a) => new(checked(-a.Numerator), a.Denominator);

    public static Rational operator *(Rational a, Rational b) => checked(new(a.Numerator * b.Numerator, a.Denominator * b.Denominator));

    public static Rational operator /(Rational a, Rational b) => checked(new(a.Numerator * b.Denominator, a.Denominator * b.Numerator));

    public static bool operator ==(Rational a, Rational b) => a.Equals(b);

    public static bool operator !=(Rational a, Rational b) => !a.Equals(b);

    public static bool operator <(Rational a, Rational b) => a.CompareTo(b) < 0;

    public static bool operator >(Rational a, Rational b) => a.CompareTo(b) > 0;

    /// <summary>Greatest common divisor of the magnitudes; of 0 and 0 it is 1.</summary>
    public static long GreatestCommonDivisor(long a, long b)
    {
        (a, b) = (Math.Abs(a), Math.Abs(b));
        while (b != 0)
            (a, b) = (b, a % b);
        return a == 0 ? 1 : a;
    }

    /// <summary>Ten to a power of either sign.</summary>
    public static Rational PowerOfTen(int exponent)
    {
        long power = 1;
        for (int i = 0; i < Math.Abs(exponent); i++)
            power = checked(power * 10);
        return exponent < 0 ? new Rational(1, power) : power;
    }

    /// <summary>The value as a terminating decimal of at most <paramref name="maxPlaces"/> places, or null where it has none.</summary>
    public string? ToDecimal(int maxPlaces = 6)
    {
        long scale = 1;
        for (int places = 0; places <= maxPlaces; places++, scale *= 10)
        {
            if (scale % Denominator == 0)
                return ((decimal)Numerator / Denominator).ToString("F" + places.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        }
        return null;
    }

    public bool Equals(Rational other) => Numerator == other.Numerator && Denominator == other.Denominator;

    public override bool Equals(object? obj) => obj is Rational other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Numerator, Denominator);

    public int CompareTo(Rational other) => ((Int128)Numerator * other.Denominator).CompareTo((Int128)other.Numerator * Denominator);

    public override string ToString() => IsInteger
        ? Numerator.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Numerator}/{Denominator}");
}
