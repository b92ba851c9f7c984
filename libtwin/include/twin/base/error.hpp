/// Errors a caller can cause, each naming the culprit, its value and what is allowed.
#pragma once
#include <stdexcept>
#include <string>
#include <vector>

namespace twin {

/// Base of every exception that libtwin throws on purpose.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An argument is outside its allowed range. Nothing was changed.
class InvalidArgument : public Error {
 public:
  using Error::Error;
};

/// Bytes or text from outside cannot be understood (a saved State, a log, a file).
class FormatError : public Error {
 public:
  using Error::Error;
};

/// A plant has come to a standstill from which nothing can free it: lots wait in a circle for each other's places.
class DeadlockError : public Error {
 public:
  using Error::Error;
};

/// One thing that is wrong with a plant.
struct Fault {
  std::string file;     ///< empty when the plant was built in code
  int line = 0;         ///< from 1; 0 when unknown
  int column = 0;       ///< from 1; 0 when unknown
  std::string path;     ///< `stations.mill.queue.rule`
  std::string value;    ///< what was found, as written
  std::string message;  ///< what is wrong with it
  std::string allowed;  ///< what would be right

  /// `shop.yaml:12:9: stations.mill.queue.rule: 'fofi' is no queue rule; allowed: fifo, lifo, ...`
  [[nodiscard]] std::string text() const;
};

/// A plant that makes no sense, with all its faults at once.
class PlantError : public Error {
 public:
  explicit PlantError(std::vector<Fault> faults);
  [[nodiscard]] const std::vector<Fault>& faults() const noexcept { return faults_; }

 private:
  std::vector<Fault> faults_;
};

/// Ends the program with a message: for our own mistakes, never for a caller's.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace twin

/// Checks an invariant of ours in every build type; a failure is a bug in libtwin.
#define TWIN_ASSERT(condition) \
  (static_cast<bool>(condition) ? static_cast<void>(0) : ::twin::assertion_failed(#condition, __FILE__, __LINE__))
