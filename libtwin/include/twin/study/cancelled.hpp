/// How long studies stop before their time.
#pragma once
#include "twin/base/error.hpp"

namespace twin::study {

/// A study was told to stop. Its arguments are unchanged and nothing of it remains.
class Cancelled : public Error {
 public:
  using Error::Error;
};

}  // namespace twin::study
