/// How long studies stop before their time.
#pragma once
#include <atomic>
#include <string>

#include "twin/base/error.hpp"

namespace twin::study {

/// A study was told to stop. Its arguments are unchanged and nothing of it remains.
class Cancelled : public Error {
 public:
  using Error::Error;
};

/// \throws Cancelled  `cancel` is given and true; the message begins with `what`
inline void check_cancelled(const std::atomic<bool>* cancel, const char* what) {
  if (cancel != nullptr && cancel->load(std::memory_order_relaxed)) throw Cancelled(std::string(what) + ": cancelled");
}

}  // namespace twin::study
