#include "twin/model/quantity.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "names_impl.hpp"
#include "quantity_impl.hpp"
#include "twin/base/error.hpp"
#include "twin/base/math.hpp"

namespace twin::model_detail {
namespace {

struct Unit {
  std::string_view name;
  double seconds;
};
constexpr std::array kUnits{Unit{"ns", 1e-9},
                            Unit{"us", 1e-6},
                            Unit{"\xC2\xB5s", 1e-6},
                            Unit{"ms", 1e-3},
                            Unit{"s", 1},
                            Unit{"min", 60},
                            Unit{"h", 3600},
                            Unit{"d", 86400},
                            Unit{"w", 604800},
                            Unit{"sec", 1},
                            Unit{"second", 1},
                            Unit{"seconds", 1},
                            Unit{"minute", 60},
                            Unit{"minutes", 60},
                            Unit{"hour", 3600},
                            Unit{"hours", 3600},
                            Unit{"day", 86400},
                            Unit{"days", 86400},
                            Unit{"week", 604800},
                            Unit{"weeks", 604800},
                            Unit{"nanosecond", 1e-9},
                            Unit{"nanoseconds", 1e-9},
                            Unit{"microsecond", 1e-6},
                            Unit{"microseconds", 1e-6},
                            Unit{"millisecond", 1e-3},
                            Unit{"milliseconds", 1e-3}};

std::optional<double> unit_seconds(std::string_view name) {
  for (const auto& unit : kUnits)
    if (unit.name == name) return unit.seconds;
  return std::nullopt;
}

/// Dividing by the reciprocal keeps decimal fractions exact: 250 ms is 0.25 s, not 250 * 0.001.
double in_seconds(double number, double unit) { return unit < 1 ? number / std::round(1 / unit) : number * unit; }

bool letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

/// Characters of a text, one at a time.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }
  [[nodiscard]] bool done() {
    skip();
    return at_ == text_.size();
  }
  [[nodiscard]] char peek() {
    skip();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  std::string_view word() {
    skip();
    const auto start = at_;
    while (at_ < text_.size() && (letter(text_[at_]) || (at_ > start && text_[at_] >= '0' && text_[at_] <= '9'))) ++at_;
    return text_.substr(start, at_ - start);
  }
  std::optional<double> number() {
    skip();
    auto start = at_;
    if (start < text_.size() && text_[start] == '+') ++start;
    const bool digit =
        start < text_.size() && (std::string_view("0123456789.-").find(text_[start]) != std::string_view::npos);
    if (!digit) return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(text_.data() + start, text_.data() + text_.size(), value);
    if (error != std::errc{} || !std::isfinite(value)) return std::nullopt;
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }
  [[nodiscard]] std::size_t at() const { return at_; }
  void back_to(std::size_t at) { at_ = at; }
  [[nodiscard]] std::string rest() const { return std::string(text_.substr(at_)); }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

[[noreturn]] void refuse(std::string message, std::string allowed) {
  throw TextFault{std::move(message), std::move(allowed)};
}

[[noreturn]] void no_unit(std::string_view name) {
  refuse(fmt::format("'{}' is no unit of time", name), "ns, us, ms, s, min, h, d, w");
}

// Distributions -----------------------------------------------------------------------------------------------------

/// One argument as written: `mean 12 min`, `1 min: 0.3`, `exponential(5 s)`.
struct Argument {
  std::string name;  ///< empty when not named
  std::optional<double> number;
  std::string unit;              ///< of the number
  std::string per;               ///< unit after `per` or `/`
  std::optional<double> weight;  ///< after a colon
  std::optional<Distribution> nested;
};

/// A family's way of naming its parameters: `t` where a parameter has the unit of the variate, `n` where it is a
/// number.
struct Form {
  const char* family;
  bool positional;  ///< parameters may stand without names, in this order
  std::vector<std::pair<const char*, char>> parameters;
  std::function<Distribution(const std::vector<double>&)> make;
};

int whole(double value, const char* what) {
  if (!(value >= 1 && value <= 1'000'000) || value != std::floor(value))
    refuse(fmt::format("{} is {}", what, value), "a whole number from 1 to 1000000");
  return static_cast<int>(value);
}

const std::vector<Form>& forms() {
  static const std::vector<Form> all{
      {"deterministic", true, {{"value", 't'}}, [](const auto& p) { return Distribution::deterministic(p[0]); }},
      {"uniform", true, {{"low", 't'}, {"high", 't'}}, [](const auto& p) { return Distribution::uniform(p[0], p[1]); }},
      {"triangular",
       true,
       {{"low", 't'}, {"mode", 't'}, {"high", 't'}},
       [](const auto& p) { return Distribution::triangular(p[0], p[1], p[2]); }},
      {"exponential", true, {{"mean", 't'}}, [](const auto& p) { return Distribution::exponential(p[0]); }},
      {"exponential",
       false,
       {{"rate", 'r'}},
       [](const auto& p) {
         if (!(p[0] > 0)) refuse(fmt::format("rate is {}", p[0]), "a rate above 0");
         return Distribution::exponential(1 / p[0]);
       }},
      {"erlang",
       true,
       {{"k", 'n'}, {"mean", 't'}},
       [](const auto& p) { return Distribution::erlang(whole(p[0], "k"), p[1]); }},
      {"gamma",
       false,
       {{"mean", 't'}, {"cv", 'n'}},
       [](const auto& p) { return Distribution::gamma_mean_cv(p[0], p[1]); }},
      {"gamma", false, {{"shape", 'n'}, {"scale", 't'}}, [](const auto& p) { return Distribution::gamma(p[0], p[1]); }},
      {"gamma",
       false,
       {{"shape", 'n'}, {"mean", 't'}},
       [](const auto& p) {
         if (!(p[0] > 0)) refuse(fmt::format("shape is {}", p[0]), "a number above 0");
         return Distribution::gamma(p[0], p[1] / p[0]);
       }},
      {"weibull",
       false,
       {{"shape", 'n'}, {"scale", 't'}},
       [](const auto& p) { return Distribution::weibull(p[0], p[1]); }},
      {"weibull",
       false,
       {{"mean", 't'}, {"cv", 'n'}},
       [](const auto& p) { return Distribution::weibull_mean_cv(p[0], p[1]); }},
      {"lognormal",
       false,
       {{"mean", 't'}, {"cv", 'n'}},
       [](const auto& p) { return Distribution::lognormal_mean_cv(p[0], p[1]); }},
      {"lognormal",
       false,
       {{"median", 't'}, {"sigma", 'n'}},
       [](const auto& p) {
         if (!(p[0] > 0)) refuse(fmt::format("median is {} s", p[0]), "a time above 0");
         return Distribution::lognormal(math::log(p[0]), p[1]);
       }},
      {"lognormal",
       false,
       {{"mu", 'n'}, {"sigma", 'n'}},
       [](const auto& p) { return Distribution::lognormal(p[0], p[1]); }},
      {"normal", true, {{"mean", 't'}, {"sd", 't'}}, [](const auto& p) { return Distribution::normal(p[0], p[1]); }},
      {"beta",
       true,
       {{"a", 'n'}, {"b", 'n'}, {"low", 't'}, {"high", 't'}},
       [](const auto& p) { return Distribution::beta(p[0], p[1], p[2], p[3]); }},
      {"geometric",
       true,
       {{"p", 'n'}, {"unit", 't'}},
       [](const auto& p) { return Distribution::geometric(p[0], p[1]); }},
      {"geometric", true, {{"p", 'n'}}, [](const auto& p) { return Distribution::geometric(p[0]); }},
  };
  return all;
}

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const auto& form : forms())
    if (names.empty() || names.back() != form.family) names.emplace_back(form.family);
  for (const char* name : {"empirical", "discrete", "shifted", "truncated", "uncertain"}) names.emplace_back(name);
  return names;
}

std::string signature(const Form& form) {
  std::string out = fmt::format("{}(", form.family);
  for (std::size_t i = 0; i < form.parameters.size(); ++i)
    out += fmt::format("{}{}", i == 0 ? "" : ", ", form.parameters[i].first);
  return out + ")";
}

class DistributionReader {
 public:
  DistributionReader(std::string_view text, bool time) : in_(text), time_(time) {}

  Distribution whole_text() {
    if (in_.done()) refuse("a distribution is missing", allowed());
    Distribution d = one(0);
    if (!in_.done()) refuse(fmt::format("'{}' follows the distribution", in_.rest()), "nothing");
    if (!time_) return d;
    if (d.flat().family == Family::kNormal && !d.flat().truncated && d.flat().shift == 0)
      d = d.truncated(0, std::numeric_limits<double>::infinity());
    if (d.min() < 0)
      refuse(fmt::format("the time can be negative, down to {} s", number_text(d.min())),
             "times from 0, as by truncated(..., 0, 1 h)");
    return d;
  }

 private:
  static constexpr int kMaxDepth = 8;

  [[nodiscard]] std::string allowed() const {
    return (time_ ? std::string(kTimeAllowed) : std::string("a number")) +
           "; or a distribution: " + list_of(family_names());
  }

  Distribution one(int depth) {
    if (depth > kMaxDepth) refuse("distributions are nested too deeply", fmt::format("{} levels", kMaxDepth));
    const auto start = in_.at();
    const auto word = in_.word();
    if (word.empty() || !in_.take('(')) {
      in_.back_to(start);
      return Distribution::deterministic(plain());
    }
    const std::string family(word);
    auto arguments = list(depth);
    if (family == "shifted" || family == "truncated") return modified(family, arguments);
    if (family == "uncertain") return uncertain(arguments);
    for (const auto& argument : arguments)
      if (argument.nested)
        refuse(fmt::format("{} takes no distribution", family), "numbers; shifted, truncated and uncertain take one");
    if (family == "empirical") return empirical(arguments);
    if (family == "discrete") return discrete(arguments);
    return parametric(family, arguments);
  }

  /// A quantity by itself, possibly of several pieces: `1 h 30 min`.
  double plain() {
    double sum = 0;
    bool first = true;
    while (true) {
      const auto number = in_.number();
      if (!number) {
        if (!first) return sum;
        const auto word = std::string(in_.word());
        refuse(fmt::format("'{}{}' is no quantity and no distribution{}", word, in_.rest(),
                           did_you_mean(word, family_names())),
               allowed());
      }
      const auto after = in_.at();
      const auto unit = in_.word();
      if (!time_) {
        if (!unit.empty()) refuse(fmt::format("'{}' is a unit where a plain number is needed", unit), "a number");
        return *number;
      }
      if (unit.empty() || (unit == "of")) {
        in_.back_to(after);
        if (*number != 0 || !first) refuse(fmt::format("{} has no unit", number_text(*number)), allowed());
        return 0;
      }
      const auto seconds = unit_seconds(unit);
      if (!seconds) no_unit(unit);
      sum += in_seconds(*number, *seconds);
      first = false;
    }
  }

  std::vector<Argument> list(int depth) {
    std::vector<Argument> out;
    if (in_.take(')')) return out;
    while (true) {
      out.push_back(argument(depth));
      if (in_.take(')')) return out;
      if (!in_.take(',')) {
        if (in_.done()) refuse("a parenthesis is not closed", "name(parameter, ...)");
        refuse(fmt::format("'{}' stands where a comma or a closing parenthesis is needed", in_.rest()),
               "name(parameter, ...)");
      }
    }
  }

  Argument argument(int depth) {
    Argument out;
    const auto start = in_.at();
    const auto word = in_.word();
    if (!word.empty() && in_.peek() == '(') {
      in_.back_to(start);
      out.nested = one(depth + 1);
      return out;
    }
    in_.back_to(start);
    if (!word.empty() && word != "inf") {
      out.name = in_.word();
      in_.take('=');
      const auto value = in_.at();
      if (const auto family = in_.word(); !family.empty() && in_.peek() == '(') {
        in_.back_to(value);
        out.nested = one(depth + 1);
        return out;
      }
      in_.back_to(value);
    }
    out.number = number();
    if (!out.number) {
      const auto what = out.name.empty() ? std::string("a parameter") : fmt::format("'{}'", out.name);
      refuse(fmt::format("{} has no number before '{}'", what, in_.rest()), "as in lognormal(mean 12 min, cv 0.3)");
    }
    const auto after = in_.at();
    out.unit = in_.word();
    if (out.unit == "per") {
      out.unit.clear();
      in_.back_to(after);
    }
    const auto slash = in_.at();
    if (in_.take('/') || in_.word() == "per") {
      out.per = in_.word();
      if (out.per.empty()) refuse("a unit is missing after 'per'", "ns, us, ms, s, min, h, d, w");
    } else {
      in_.back_to(slash);
    }
    if (in_.take(':')) {
      out.weight = in_.number();
      if (!out.weight) refuse("a probability is missing after the colon", "as in discrete(1 min: 0.3, 2 min: 0.7)");
    }
    return out;
  }

  std::optional<double> number() {
    if (const auto value = in_.number()) return value;
    const auto start = in_.at();
    const bool minus = in_.take('-');
    if (in_.word() == "inf")
      return minus ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    in_.back_to(start);
    return std::nullopt;
  }

  /// Value of each argument that has the unit of the variate; the last unit counts for the bare numbers before it.
  std::vector<double> values(const std::vector<const Argument*>& arguments) const {
    std::vector<double> out(arguments.size());
    std::optional<double> unit;
    for (std::size_t i = arguments.size(); i-- > 0;) {
      const Argument& a = *arguments[i];
      if (!a.per.empty()) refuse(fmt::format("'per {}' makes a rate where a time is needed", a.per), kTimeAllowed);
      if (!a.unit.empty()) {
        if (!time_) refuse(fmt::format("'{}' is a unit where a plain number is needed", a.unit), "a number");
        unit = unit_seconds(a.unit);
        if (!unit) no_unit(a.unit);
      }
      const double number = *a.number;
      if (time_ && !unit && number != 0 && std::isfinite(number))
        refuse(fmt::format("{} has no unit", number_text(number)), kTimeAllowed);
      out[i] = std::isfinite(number) && unit ? in_seconds(number, *unit) : number;
    }
    return out;
  }

  Distribution parametric(const std::string& family, const std::vector<Argument>& arguments) const {
    if (time_ && family == "geometric" && arguments.size() == 1)
      refuse("geometric says how many, not how long each takes",
             "a probability and a time, as in geometric(0.1, 1 min)");
    std::vector<std::string> signatures;
    for (const auto& form : forms()) {
      if (family != form.family) continue;
      signatures.push_back(signature(form));
      if (auto d = try_form(form, arguments)) return *d;
    }
    if (signatures.empty())
      refuse(fmt::format("'{}' is no distribution{}", family, did_you_mean(family, family_names())),
             list_of(family_names()));
    std::string given;
    for (const auto& a : arguments)
      given += (given.empty() ? "" : ", ") + (a.name.empty() ? std::string("a number") : a.name);
    std::string all;
    for (const auto& s : signatures) all += (all.empty() ? "" : " or ") + s;
    refuse(fmt::format("{} cannot be made from ({})", family, given), all);
  }

  std::optional<Distribution> try_form(const Form& form, const std::vector<Argument>& arguments) const {
    const auto count = form.parameters.size();
    if (arguments.size() != count) return std::nullopt;
    std::vector<const Argument*> ordered(count, nullptr);
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t where = i;
      if (!arguments[i].name.empty()) {
        where = 0;
        while (where < count && arguments[i].name != form.parameters[where].first) ++where;
        if (where == count) return std::nullopt;
      } else if (!form.positional) {
        return std::nullopt;
      }
      if (ordered[where] != nullptr) return std::nullopt;
      ordered[where] = &arguments[i];
    }
    std::vector<double> numbers(count);
    std::vector<const Argument*> times;
    std::vector<std::size_t> time_index;
    for (std::size_t i = 0; i < count; ++i) {
      const auto [name, kind] = form.parameters[i];
      if (ordered[i]->weight) refuse(fmt::format("'{}' has a weight", name), signature(form));
      if (kind == 't') {
        times.push_back(ordered[i]);
        time_index.push_back(i);
      } else if (kind == 'r') {
        numbers[i] = rate(*ordered[i]);
      } else {
        if (!ordered[i]->unit.empty() || !ordered[i]->per.empty())
          refuse(fmt::format("{} has a unit, '{}{}'", name, ordered[i]->unit, ordered[i]->per), "a plain number");
        numbers[i] = *ordered[i]->number;
      }
    }
    const auto converted = values(times);
    for (std::size_t i = 0; i < times.size(); ++i) numbers[time_index[i]] = converted[i];
    return form.make(numbers);
  }

  [[nodiscard]] double rate(const Argument& a) const {
    if (!time_) return *a.number;
    if (!a.unit.empty() || a.per.empty())
      refuse(fmt::format("the rate {} names no time", number_text(*a.number)),
             "a rate, as in exponential(rate 2 per h)");
    const auto seconds = unit_seconds(a.per);
    if (!seconds) no_unit(a.per);
    return *a.number / *seconds;
  }

  static std::vector<const Argument*> pointers(const std::vector<Argument>& arguments) {
    std::vector<const Argument*> out;
    out.reserve(arguments.size());
    for (const auto& a : arguments) out.push_back(&a);
    return out;
  }

  [[nodiscard]] Distribution empirical(const std::vector<Argument>& arguments) const {
    for (const auto& a : arguments)
      if (!a.name.empty() || a.weight) refuse("empirical takes observations only", "as in empirical(61, 58, 75 s)");
    return Distribution::empirical(values(pointers(arguments)));
  }

  [[nodiscard]] Distribution discrete(const std::vector<Argument>& arguments) const {
    std::vector<double> weights;
    for (const auto& a : arguments) {
      if (!a.name.empty() || !a.weight)
        refuse("discrete needs a value and its probability", "as in discrete(1 min: 0.3, 2 min: 0.7)");
      weights.push_back(*a.weight);
    }
    return Distribution::discrete(values(pointers(arguments)), weights);
  }

  /// shifted(5 min, D), shifted(D, by 5 min), truncated(D, low, high), truncated(D, low 1 min, high 9 min).
  [[nodiscard]] Distribution modified(const std::string& family, const std::vector<Argument>& arguments) const {
    const bool shift = family == "shifted";
    const std::string example = shift ? "as in shifted(5 min, exponential(2 min))"
                                      : "as in truncated(normal(mean 5 min, sd 2 min), 1 min, 9 min)";
    const Argument* inner = nullptr;
    std::vector<const Argument*> bounds;
    std::vector<std::string> names = shift ? std::vector<std::string>{"by"} : std::vector<std::string>{"low", "high"};
    for (const auto& a : arguments) {
      if (a.nested) {
        if (inner != nullptr) refuse(fmt::format("{} takes one distribution", family), example);
        inner = &a;
      } else {
        bounds.push_back(&a);
      }
    }
    if (inner == nullptr || bounds.size() != names.size()) refuse(fmt::format("{} is incomplete", family), example);
    for (std::size_t i = 0; i < bounds.size(); ++i)
      if (bounds[i]->weight || (!bounds[i]->name.empty() && bounds[i]->name != names[i]))
        refuse(fmt::format("{} does not know '{}' here", family, bounds[i]->name), example);
    const auto v = values(bounds);
    if (shift) return inner->nested->shifted(v[0]);
    return inner->nested->truncated(v[0], v[1]);
  }

  /// uncertain(D, sigma 0.5): the scale of D is not known.
  [[nodiscard]] static Distribution uncertain(const std::vector<Argument>& arguments) {
    const char* example = "as in uncertain(lognormal(median 25 min, cv 0.1), sigma 0.5)";
    if (arguments.size() != 2 || !arguments[0].nested || arguments[1].nested || !arguments[1].number ||
        arguments[1].weight || !arguments[1].unit.empty() || !arguments[1].per.empty() ||
        (!arguments[1].name.empty() && arguments[1].name != "sigma"))
      refuse("uncertain needs a distribution and the sigma of its scale", example);
    return arguments[0].nested->uncertain(*arguments[1].number);
  }

  Reader in_;
  bool time_;
};

}  // namespace

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '\n')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

double read_seconds(std::string_view text) {
  Reader in(text);
  double sum = 0;
  bool first = true;
  if (in.done()) refuse("a time is missing", kTimeAllowed);
  while (!in.done()) {
    const auto number = in.number();
    if (!number) refuse(fmt::format("'{}' is no time", text), kTimeAllowed);
    const auto unit = in.word();
    if (unit.empty()) {
      if (*number == 0 && first && in.done()) return 0;
      refuse(fmt::format("'{}' has no unit", trimmed(text)), kTimeAllowed);
    }
    const auto seconds = unit_seconds(unit);
    if (!seconds) no_unit(unit);
    sum += in_seconds(*number, *seconds);
    first = false;
  }
  return sum;
}

double read_number(std::string_view text) {
  Reader in(text);
  const auto number = in.number();
  if (!number || !in.done()) refuse(fmt::format("'{}' is no number", text), "a number");
  return *number;
}

bool is_number(std::string_view text) {
  Reader in(text);
  return in.number().has_value() && in.done();
}

double read_si(std::string_view text) {
  Reader in(text);
  const auto number = in.number();
  const std::string allowed = "a number, alone or with a unit: 240 s, 4 min, 0.75 per min, 93 %";
  if (!number) refuse(fmt::format("'{}' is no value", text), allowed);
  if (in.done()) return *number;
  if (in.take('%')) {
    if (!in.done()) refuse(fmt::format("'{}' follows the value", in.rest()), allowed);
    return *number / 100;
  }
  if (!in.take('/')) {
    const auto unit = in.word();
    if (unit != "per") {
      const auto seconds = unit_seconds(unit);
      if (!seconds) refuse(fmt::format("'{}' is no value", text), allowed);
      if (!in.done()) return read_seconds(text);
      return in_seconds(*number, *seconds);
    }
  }
  const auto seconds = unit_seconds(in.word());
  if (!seconds || !in.done()) refuse(fmt::format("'{}' is no value", text), allowed);
  return *number / *seconds;
}

Distribution read_distribution(std::string_view text, bool time) {
  try {
    return DistributionReader(text, time).whole_text();
  } catch (const InvalidArgument& error) {  // a parameter outside its range
    throw TextFault{error.what(), ""};
  }
}

}  // namespace twin::model_detail

namespace twin {
namespace {
template <class F>
auto or_invalid(std::string_view text, F&& read) {
  try {
    return read(text);
  } catch (const model_detail::TextFault& fault) {
    throw InvalidArgument(
        fmt::format("in '{}': {}{}", text, fault.message, fault.allowed.empty() ? "" : "; allowed: " + fault.allowed));
  }
}
}  // namespace

double parse_seconds(std::string_view text) { return or_invalid(text, model_detail::read_seconds); }
Duration parse_duration(std::string_view text) {
  const double seconds = parse_seconds(text);
  if (std::fabs(seconds) >= seconds_from_ticks(kNever))
    throw InvalidArgument(fmt::format("'{}' is too long; allowed: less than 146 years", text));
  return Duration{ticks_from_seconds(seconds)};
}
double parse_si(std::string_view text) { return or_invalid(text, model_detail::read_si); }
Distribution parse_distribution(std::string_view text) {
  return or_invalid(text, [](std::string_view t) { return model_detail::read_distribution(t, true); });
}
Distribution parse_number_distribution(std::string_view text) {
  return or_invalid(text, [](std::string_view t) { return model_detail::read_distribution(t, false); });
}

std::string number_text(double value) {
  if (value == std::floor(value) && std::fabs(value) < 1e15) return fmt::format("{:.0f}", value);
  return fmt::format("{}", value);
}

std::string duration_text(Tick span) {
  if (span % kSecond == 0) return fmt::format("{} s", span / kSecond);
  if (span % 1'000'000 == 0) return fmt::format("{} ms", span / 1'000'000);
  return fmt::format("{} ns", span);
}

}  // namespace twin
