namespace Malrule.Inference.Compute.Reference;

/// <summary>The complementary error function in double, from its Taylor series near 0 and its continued fraction beyond.</summary>
internal static class ErrorFunction
{
    /// <summary>1 − erf(x), within 1e-14 of it.</summary>
    public static double Complement(double x)
    {
        if (x < 0)
            return 2 - Complement(-x);
        if (x < 2)
        {
            double term = x, sum = x;
            for (int n = 1; n < 60; n++)
            {
                term *= -x * x / n;
                sum += term / (2 * n + 1);
            }
            return 1 - sum * 2 / Math.Sqrt(Math.PI);
        }
        double fraction = x;
        for (int n = 100; n > 0; n--)
            fraction = x + n / 2.0 / fraction;
        return Math.Exp(-x * x) / fraction / Math.Sqrt(Math.PI);
    }
}
