#include "twin/model/quantity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <cmath>
#include <limits>

#include "twin/base/error.hpp"

namespace twin {
namespace {

using testing::HasSubstr;

std::string why_not(std::string_view text) {
  try {
    (void)parse_distribution(text);
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "";
}

TEST(Quantity, ReadsEveryUnitOfTime) {
  EXPECT_EQ(parse_seconds("90 s"), 90);
  EXPECT_EQ(parse_seconds("1.5 h"), 5400);
  EXPECT_EQ(parse_seconds("12min"), 720);
  EXPECT_EQ(parse_seconds("3 d"), 259200);
  EXPECT_EQ(parse_seconds("2 weeks"), 1209600);
  EXPECT_EQ(parse_seconds("250 ms"), 0.25);
  EXPECT_EQ(parse_seconds("7 us"), 7e-6);
  EXPECT_EQ(parse_seconds("3 ns"), 3e-9);
  EXPECT_EQ(parse_seconds("1 hour"), 3600);
  EXPECT_EQ(parse_seconds("1 h 30 min"), 5400);
  EXPECT_EQ(parse_seconds("1e3 s"), 1000);
  EXPECT_EQ(parse_seconds(" 0 "), 0);
}

TEST(Quantity, RefusesABareNumberWhereATimeIsNeededAndNamesTheUnits) {
  try {
    (void)parse_seconds("48");
    FAIL();
  } catch (const InvalidArgument& error) {
    EXPECT_THAT(error.what(), HasSubstr("'48' has no unit"));
    EXPECT_THAT(error.what(), HasSubstr("ns, us, ms, s, min, h, d, w"));
  }
  for (const char* text : {"", "s", "48 parsecs", "1 h 30", "--1 s", "nan s", "inf s", "1e999 s", "5 s s"})
    EXPECT_THROW((void)parse_seconds(text), InvalidArgument) << text;
}

TEST(Quantity, ReadsValuesWithUnitsAsSi) {
  EXPECT_EQ(parse_si("4"), 4);
  EXPECT_EQ(parse_si("4 min"), 240);
  EXPECT_EQ(parse_si("93 %"), 0.93);
  EXPECT_DOUBLE_EQ(parse_si("0.75 per min"), 0.0125);
  EXPECT_DOUBLE_EQ(parse_si("0.75/min"), 0.0125);
  EXPECT_THROW((void)parse_si("4 EUR"), InvalidArgument);
}

TEST(DistributionText, ReadsEveryFamily) {
  EXPECT_EQ(parse_distribution("48 s"), Distribution::deterministic(48));
  EXPECT_EQ(parse_distribution("deterministic(48 s)"), Distribution::deterministic(48));
  EXPECT_EQ(parse_distribution("uniform(2, 3 min)"), Distribution::uniform(120, 180));
  EXPECT_EQ(parse_distribution("uniform(0, 3 min)"), Distribution::uniform(0, 180));
  EXPECT_EQ(parse_distribution("triangular(2, 3, 6 min)"), Distribution::triangular(120, 180, 360));
  EXPECT_EQ(parse_distribution("triangular(90 s, 3, 6 min)"), Distribution::triangular(90, 180, 360));
  EXPECT_EQ(parse_distribution("exponential(48 s)"), Distribution::exponential(48));
  EXPECT_EQ(parse_distribution("exponential(mean 48 s)"), Distribution::exponential(48));
  EXPECT_EQ(parse_distribution("exponential(rate 0.5 per s)"), Distribution::exponential(2));
  EXPECT_EQ(parse_distribution("exponential(rate 0.5/s)"), Distribution::exponential(2));
  EXPECT_EQ(parse_distribution("erlang(k 3, mean 12 min)"), Distribution::erlang(3, 720));
  EXPECT_EQ(parse_distribution("erlang(3, 12 min)"), Distribution::erlang(3, 720));
  EXPECT_EQ(parse_distribution("gamma(mean 20 min, cv 0.5)"), Distribution::gamma_mean_cv(1200, 0.5));
  EXPECT_EQ(parse_distribution("gamma(shape 2, scale 10 min)"), Distribution::gamma(2, 600));
  EXPECT_EQ(parse_distribution("weibull(scale 10 h, shape 1.5)"), Distribution::weibull(1.5, 36000));
  EXPECT_EQ(parse_distribution("weibull(mean 10 h, cv 0.7)"), Distribution::weibull_mean_cv(36000, 0.7));
  EXPECT_EQ(parse_distribution("lognormal(mean 12 min, cv 0.3)"), Distribution::lognormal_mean_cv(720, 0.3));
  EXPECT_NEAR(parse_distribution("lognormal(median 12 min, sigma 0.3)").quantile(0.5), 720, 1e-9);
  EXPECT_EQ(parse_distribution("geometric(0.1, 1 min)"), Distribution::geometric(0.1, 60));
  EXPECT_EQ(parse_distribution("geometric(p 0.1, unit 2 s)"), Distribution::geometric(0.1, 2));
  EXPECT_EQ(parse_distribution("beta(a 2, b 3, low 1, high 2 min)"), Distribution::beta(2, 3, 60, 120));
  EXPECT_EQ(parse_distribution("empirical(1, 2, 4 min)"), Distribution::empirical({60, 120, 240}));
  EXPECT_EQ(parse_distribution("discrete(1 min: 0.3, 2 min: 0.7)"), Distribution::discrete({60, 120}, {0.3, 0.7}));
  EXPECT_EQ(parse_distribution("shifted(5 min, exponential(2 min))"), Distribution::exponential(120).shifted(300));
  EXPECT_EQ(parse_distribution("truncated(normal(mean 5 min, sd 2 min), 1 min, 9 min)"),
            Distribution::normal(300, 120).truncated(60, 540));
  EXPECT_EQ(parse_distribution("truncated(exponential(5 min), 0, inf)"), Distribution::exponential(300));
  EXPECT_EQ(parse_number_distribution("uniform(-2, 3)"), Distribution::uniform(-2, 3));
}

TEST(DistributionText, TruncatesABareNormalTimeAtZero) {
  const auto d = parse_distribution("normal(mean 5 min, sd 5 min)");
  EXPECT_EQ(d, Distribution::normal(300, 300).truncated(0, std::numeric_limits<double>::infinity()));
  EXPECT_EQ(d.min(), 0);
}

TEST(DistributionText, ReadsBackWhatDistributionsPrint) {
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<Distribution> all{Distribution::deterministic(48),
                                      Distribution::uniform(1.5, 2.25),
                                      Distribution::triangular(1, 2, 7),
                                      Distribution::exponential(1e-7),
                                      Distribution::exponential(3.3e8),
                                      Distribution::erlang(4, 12),
                                      Distribution::gamma(0.37, 11.1),
                                      Distribution::weibull(1.7, 9),
                                      Distribution::weibull_mean_cv(9, 0.4),
                                      Distribution::lognormal(2, 0.7),
                                      Distribution::lognormal_mean_cv(720, 0.3),
                                      Distribution::normal(100, 3).truncated(0, inf),
                                      Distribution::normal(100, 3).truncated(90, 105),
                                      Distribution::beta(2, 3, 1, 9),
                                      Distribution::empirical({1, 2, 3.5, 3.5, 9}),
                                      Distribution::discrete({1, 2, 5}, {0.2, 0.3, 0.5}),
                                      Distribution::exponential(5).shifted(7),
                                      Distribution::lognormal(1, 0.4).truncated(1, 8).shifted(2)};
  for (const auto& d : all) {
    const auto back = parse_distribution(d.text());
    for (const double u : {0.01, 0.3, 0.5, 0.77, 0.999})
      EXPECT_NEAR(back.quantile(u), d.quantile(u), 1e-11 * std::fabs(d.quantile(u))) << d.text();
  }
}

TEST(DistributionText, SaysWhatIsWrongAndWhatWouldBeRight) {
  EXPECT_THAT(why_not("exponental(48 s)"), HasSubstr("did you mean 'exponential'?"));
  EXPECT_THAT(why_not("exponential(48)"), HasSubstr("48 has no unit"));
  EXPECT_THAT(why_not("48"), HasSubstr("48 has no unit"));
  EXPECT_THAT(why_not("gamma(20 min, 0.5)"), HasSubstr("gamma(mean, cv) or gamma(shape, scale)"));
  EXPECT_THAT(why_not("lognormal(mean 12 min)"), HasSubstr("lognormal(mean, cv)"));
  EXPECT_THAT(why_not("lognormal(mean 12 min, cv 0.3 min)"), HasSubstr("cv has a unit"));
  EXPECT_THAT(why_not("uniform(2 min, 1 min)"), HasSubstr("uniform"));
  EXPECT_THAT(why_not("uniform(-2 min, 1 min)"), HasSubstr("can be negative"));
  EXPECT_THAT(why_not("exponential(48 s"), HasSubstr("not closed"));
  EXPECT_THAT(why_not("exponential(48 s) s"), HasSubstr("follows the distribution"));
  EXPECT_THAT(why_not("48 parsec"), HasSubstr("no unit of time"));
  EXPECT_THAT(why_not("erlang(2.5, 3 s)"), HasSubstr("whole number"));
  for (const char* text :
       {"", "()", "exponential()", "exponential(,)", "exponential(0 s)", "exponential(-3 s)", "discrete(1 s)",
        "empirical()", "truncated(1 s, 2 s)", "shifted(exponential(1 s))", "truncated(exponential(1 s), 5 s, 2 s)",
        "exponential(mean 1 s, mean 2 s)", "exponential(rate 3)", "exponential(exponential(2 s))", "inf", "nan s",
        "uniform(0 s, inf)", "lognormal(mean nan s, cv 1)",
        "truncated(truncated(truncated(truncated(truncated("
        "truncated(truncated(truncated(truncated(truncated(exponential(1 s),0,1 s),0,1 s),0,1 s)"})
    EXPECT_THROW((void)parse_distribution(text), InvalidArgument) << text;
}

TEST(Quantity, PrintsNumbersThatReadBackExactly) {
  for (const double x : {0.1, 1.0 / 3, 1e300, 1e-300, 240.0, -7.25, 1e15, 123456789012345678.0})
    EXPECT_EQ(std::stod(number_text(x)), x);
  EXPECT_EQ(number_text(240), "240");
  EXPECT_EQ(parse_duration(duration_text(1)), Duration{1});
  EXPECT_EQ(parse_duration(duration_text(90 * kSecond)), Duration{90 * kSecond});
  EXPECT_EQ(duration_text(1'500'000'000), "1500 ms");
}

}  // namespace
}  // namespace twin
