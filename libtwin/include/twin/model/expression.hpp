/// A user's own formula, read once and run as a short list of instructions: `expr(due - now - remaining_work)`.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace twin {

/// What a formula may ask about a waiting lot. Times are in seconds, instants in seconds since the epoch.
enum class Variable : std::uint8_t {
  kNow = 0,
  kDue = 1,             ///< due date; infinity if it has none
  kRelease = 2,         ///< when it was released
  kReady = 3,           ///< when it entered this queue
  kWork = 4,            ///< expected processing time of this step at speed 1
  kRemainingWork = 5,   ///< the same, of this and all steps to come
  kRemainingSteps = 6,  ///< expected number of operations left, this one counted
  kSetup = 7,           ///< expected setup on the machine that asks
  kPriority = 8,
  kQueueLength = 9,  ///< lots waiting at this station
  kRework = 10,      ///< times it was sent back
};
inline constexpr std::size_t kVariables = 11;
/// Names as formulas have them: `remaining_work`.
[[nodiscard]] const char* name_of(Variable variable) noexcept;
[[nodiscard]] std::vector<std::string> variable_names();

/// A formula of numbers, variables, + - * / ^, comparisons (1 or 0), and abs, exp, log, sqrt, min, max, if(c, a, b).
class Expression {
 public:
  using Values = std::array<double, kVariables>;

  Expression() = default;
  /// \throws InvalidArgument  where it is no formula: what, at which character, and what is allowed
  [[nodiscard]] static Expression parse(std::string_view text);

  /// The value, by IEEE rules: 1 / 0 is infinity, log(-1) is NaN. The same bits on every machine.
  [[nodiscard]] double evaluate(const Values& values) const noexcept;
  [[nodiscard]] bool asks(Variable variable) const noexcept {
    return ((asked_ >> static_cast<unsigned>(variable)) & 1U) != 0;
  }
  /// True where the order of two waiting lots may change, or depends on the machine that asks.
  [[nodiscard]] bool is_dynamic() const noexcept {
    return asks(Variable::kNow) || asks(Variable::kSetup) || asks(Variable::kQueueLength);
  }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// Hash of what it computes: blanks and parentheses do not count.
  [[nodiscard]] std::uint64_t digest() const noexcept;

 private:
  friend class ExpressionParser;
  enum class Code : std::uint8_t {
    kNumber,
    kVariable,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kPower,
    kNegate,
    kLess,
    kLessEqual,
    kEqual,
    kNotEqual,
    kAbs,
    kExp,
    kLog,
    kSqrt,
    kMin,
    kMax,
    kIf,
  };
  struct Instruction {
    Code code = Code::kNumber;
    Variable variable = Variable::kNow;
    double number = 0;
  };
  static constexpr std::size_t kMaxDepth = 64;  ///< of the stack

  std::vector<Instruction> program_;  ///< postfix
  std::uint32_t asked_ = 0;           ///< bit by Variable
  std::string text_;
};

}  // namespace twin
