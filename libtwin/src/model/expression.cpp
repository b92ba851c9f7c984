#include "twin/model/expression.hpp"

#include <bit>
#include <cctype>
#include <cmath>

#include <fmt/format.h>

#include "names_impl.hpp"
#include "quantity_impl.hpp"
#include "twin/base/error.hpp"
#include "twin/base/hash.hpp"
#include "twin/base/math.hpp"

namespace twin {
namespace {

constexpr std::array<const char*, kVariables> kNames{
    "now",   "due",      "release",      "ready", "work", "remaining_work", "remaining_steps",
    "setup", "priority", "queue_length", "rework"};

}  // namespace

const char* name_of(Variable variable) noexcept { return kNames[static_cast<std::size_t>(variable)]; }
std::vector<std::string> variable_names() { return {kNames.begin(), kNames.end()}; }

/// Recursive descent; each function leaves the program one value richer.
class ExpressionParser {
 public:
  explicit ExpressionParser(std::string_view text) : text_(text) {}

  Expression run() {
    out_.text_ = std::string(text_);
    comparison();
    if (peek() != '\0') refuse(fmt::format("'{}' does not fit there", text_.substr(at_, 1)), "an operator or the end");
    return std::move(out_);
  }

 private:
  using Code = Expression::Code;

  [[noreturn]] void refuse(const std::string& why, const std::string& allowed) const {
    throw InvalidArgument(fmt::format("'{}' at character {}: {}; allowed: {}", text_, at_ + 1, why, allowed));
  }
  char peek() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(std::string_view token) {
    peek();
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }
  /// \param values  that the instruction takes off the stack before it puts its own
  void emit(Expression::Instruction instruction, std::size_t values) {
    depth_ += 1 - values;
    if (depth_ > Expression::kMaxDepth)
      refuse("it is nested too deeply", fmt::format("{} levels", Expression::kMaxDepth));
    out_.program_.push_back(instruction);
  }
  void emit(Code code, std::size_t values) { emit(Expression::Instruction{.code = code}, values); }

  void comparison() {
    sum();
    for (;;) {
      if (take("<=")) {
        sum();
        emit(Code::kLessEqual, 2);
      } else if (take(">=")) {
        swapped(Code::kLessEqual);
      } else if (take("==")) {
        sum();
        emit(Code::kEqual, 2);
      } else if (take("!=")) {
        sum();
        emit(Code::kNotEqual, 2);
      } else if (take("<")) {
        sum();
        emit(Code::kLess, 2);
      } else if (take(">")) {
        swapped(Code::kLess);
      } else {
        return;
      }
    }
  }
  /// a > b as b < a: both sides negated.
  void swapped(Code code) {
    emit(Code::kNegate, 1);
    sum();
    emit(Code::kNegate, 1);
    emit(code, 2);
  }
  void sum() {
    product();
    for (;;) {
      if (take("+")) {
        product();
        emit(Code::kAdd, 2);
      } else if (take("-")) {
        product();
        emit(Code::kSubtract, 2);
      } else {
        return;
      }
    }
  }
  void product() {
    unary();
    for (;;) {
      if (peek() == '*' && text_.substr(at_, 2) != "**") {
        ++at_;
        unary();
        emit(Code::kMultiply, 2);
      } else if (take("/")) {
        unary();
        emit(Code::kDivide, 2);
      } else {
        return;
      }
    }
  }
  void unary() {
    const Level level(*this);
    if (take("-")) {
      unary();
      emit(Code::kNegate, 1);
    } else {
      take("+");
      power();
    }
  }
  void power() {
    primary();
    if (!take("^") && !take("**")) return;
    unary();
    emit(Code::kPower, 2);
  }
  void primary() {
    const char c = peek();
    if (take("(")) {
      comparison();
      expect(")");
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.') {
      number();
    } else if (std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_') {
      name();
    } else {
      refuse(c == '\0' ? "it ends too early" : fmt::format("'{}' begins nothing", c), "a number, a name or (");
    }
  }
  void expect(std::string_view token) {
    if (!take(token)) refuse(fmt::format("'{}' is missing", token), std::string(token));
  }
  /// A number; with a unit of time behind it, in seconds.
  void number() {
    const std::size_t begin = at_;
    const auto digits = [&] {
      while (at_ < text_.size() && (std::isdigit(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '.'))
        ++at_;
    };
    digits();
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      const std::size_t mark = at_++;
      if (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+')) ++at_;
      if (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0) {
        digits();
      } else {
        at_ = mark;
      }
    }
    const std::string_view digits_text = text_.substr(begin, at_ - begin);
    double value = 0;
    try {
      value = model_detail::read_number(digits_text);
      peek();
      std::size_t end = at_;
      while (end < text_.size() && std::isalpha(static_cast<unsigned char>(text_[end])) != 0) ++end;
      if (end > at_) {
        value = model_detail::read_seconds(fmt::format("{} {}", digits_text, text_.substr(at_, end - at_)));
        at_ = end;
      }
    } catch (const model_detail::TextFault& fault) {
      refuse(fault.message, fault.allowed);
    }
    emit({.code = Code::kNumber, .number = value}, 0);
  }
  void name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_'))
      ++at_;
    const std::string word(text_.substr(begin, at_ - begin));
    struct Function {
      const char* name;
      Code code;
      std::size_t arguments;
    };
    static constexpr std::array<Function, 7> kFunctions{{{"abs", Code::kAbs, 1},
                                                         {"exp", Code::kExp, 1},
                                                         {"log", Code::kLog, 1},
                                                         {"sqrt", Code::kSqrt, 1},
                                                         {"min", Code::kMin, 2},
                                                         {"max", Code::kMax, 2},
                                                         {"if", Code::kIf, 3}}};
    for (const auto& function : kFunctions) {
      if (word != function.name) continue;
      const Level level(*this);
      expect("(");
      for (std::size_t i = 0; i < function.arguments; ++i) {
        if (i > 0) expect(",");
        comparison();
      }
      expect(")");
      emit(function.code, function.arguments);
      return;
    }
    for (std::size_t i = 0; i < kVariables; ++i) {
      if (word != kNames[i]) continue;
      out_.asked_ |= 1U << i;
      emit({.code = Code::kVariable, .variable = static_cast<Variable>(i)}, 0);
      return;
    }
    at_ = begin;
    auto known = variable_names();
    const auto hint = model_detail::did_you_mean(word, known);
    for (const auto& function : kFunctions) known.emplace_back(function.name);
    refuse(fmt::format("there is no '{}'{}", word, hint), model_detail::list_of(known));
  }

  /// Keeps the parser's own recursion within bounds.
  struct Level {
    explicit Level(ExpressionParser& parser) : parser_(parser) {
      if (++parser_.nested_ > Expression::kMaxDepth)
        parser_.refuse("it is nested too deeply", fmt::format("{} levels", Expression::kMaxDepth));
    }
    ~Level() { --parser_.nested_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    ExpressionParser& parser_;
  };

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;   ///< values on the stack
  std::size_t nested_ = 0;  ///< of the parser itself
  Expression out_;
};

Expression Expression::parse(std::string_view text) { return ExpressionParser(text).run(); }

double Expression::evaluate(const Values& values) const noexcept {
  std::array<double, kMaxDepth + 1> stack;
  std::size_t top = 0;  // values on the stack
  for (const Instruction& i : program_) {
    switch (i.code) {
      case Code::kNumber:
        stack[top++] = i.number;
        continue;
      case Code::kVariable:
        stack[top++] = values[static_cast<std::size_t>(i.variable)];
        continue;
      default:
        break;
    }
    double& a = stack[top - 1];
    switch (i.code) {
      case Code::kNegate:
        a = -a;
        continue;
      case Code::kAbs:
        a = std::fabs(a);
        continue;
      case Code::kExp:
        a = math::exp(a);
        continue;
      case Code::kLog:
        a = math::log(a);
        continue;
      case Code::kSqrt:
        a = std::sqrt(a);
        continue;
      case Code::kIf:
        top -= 2;
        stack[top - 1] = stack[top - 1] != 0 ? stack[top] : stack[top + 1];
        continue;
      default:
        break;
    }
    --top;
    const double y = stack[top];
    double& x = stack[top - 1];
    switch (i.code) {
      case Code::kAdd:
        x += y;
        break;
      case Code::kSubtract:
        x -= y;
        break;
      case Code::kMultiply:
        x *= y;
        break;
      case Code::kDivide:
        x /= y;
        break;
      case Code::kPower:
        x = math::pow(x, y);
        break;
      case Code::kLess:
        x = x < y ? 1 : 0;
        break;
      case Code::kLessEqual:
        x = x <= y ? 1 : 0;
        break;
      case Code::kEqual:
        x = x == y ? 1 : 0;
        break;
      case Code::kNotEqual:
        x = x != y ? 1 : 0;
        break;
      case Code::kMin:
        x = y < x ? y : x;
        break;
      case Code::kMax:
        x = y > x ? y : x;
        break;
      default:
        break;
    }
  }
  return stack[0];
}

std::uint64_t Expression::digest() const noexcept {
  std::uint64_t h = program_.size();
  for (const Instruction& i : program_)
    h = hash_combine(
        hash_combine(h, (static_cast<std::uint64_t>(i.code) << 8) | static_cast<std::uint64_t>(i.variable)),
        std::bit_cast<std::uint64_t>(i.number));
  return h;
}

}  // namespace twin
