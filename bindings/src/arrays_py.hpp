/// How columns of numbers, instants and spans become NumPy arrays.
#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "twin/model/plant.hpp"

namespace twin::python {

namespace py = pybind11;

/// NumPy's "not a time".
inline constexpr Tick kNotATime = std::numeric_limits<Tick>::min();

/// An array that owns the values, without copying them.
template <class T>
[[nodiscard]] py::array_t<T> array_of(std::vector<T> values) {
  auto owned = std::make_unique<std::vector<T>>(std::move(values));
  const T* data = owned->data();
  const auto size = static_cast<py::ssize_t>(owned->size());
  py::capsule base(owned.get(), [](void* p) { delete static_cast<std::vector<T>*>(p); });
  static_cast<void>(owned.release());
  return py::array_t<T>(size, data, base);
}

/// The same as a matrix, row by row.
template <class T>
[[nodiscard]] py::array matrix_of(std::vector<T> values, std::size_t rows, std::size_t columns) {
  return array_of(std::move(values)).reshape({static_cast<py::ssize_t>(rows), static_cast<py::ssize_t>(columns)});
}

/// Spans as timedelta64[ns]; kNotATime is NaT.
[[nodiscard]] inline py::array spans_of(std::vector<Tick> ticks) {
  return array_of(std::move(ticks)).attr("view")("m8[ns]");
}

/// Instants on the wall, ns since 1970 UTC, as datetime64[ns]; kNotATime is NaT.
[[nodiscard]] inline py::array wall_times_of(std::vector<Tick> ticks) {
  return array_of(std::move(ticks)).attr("view")("M8[ns]");
}

/// Instants since a plant's epoch as datetime64[ns]; kNever and what lies out of range are NaT.
[[nodiscard]] inline Tick wall_tick(const PlantData& plant, Tick tick) noexcept {
  const Tick epoch = plant.epoch.time_since_epoch().count();
  if (tick >= kNever || tick <= -kNever) return kNotATime;
  if (epoch > 0 && tick > std::numeric_limits<Tick>::max() - epoch) return kNotATime;
  return epoch + tick;
}
[[nodiscard]] inline py::array instants_of(const PlantData& plant, std::vector<Tick> ticks) {
  for (Tick& tick : ticks) tick = wall_tick(plant, tick);
  return wall_times_of(std::move(ticks));
}

/// Columns of a table, by name and in order.
class Columns {
 public:
  template <class T>
  Columns& add(const char* name, std::vector<T> values) {
    columns_[name] = array_of(std::move(values));
    return *this;
  }
  Columns& add(const char* name, std::vector<bool> values) {
    py::array_t<bool> out(static_cast<py::ssize_t>(values.size()));
    for (std::size_t i = 0; i < values.size(); ++i) out.mutable_at(static_cast<py::ssize_t>(i)) = values[i];
    columns_[name] = std::move(out);
    return *this;
  }
  Columns& add(const char* name, const std::vector<std::string>& values) {
    py::list out;
    for (const std::string& value : values) out.append(value);
    columns_[name] = std::move(out);
    return *this;
  }
  Columns& add_object(const char* name, py::object values) {
    columns_[name] = std::move(values);
    return *this;
  }
  [[nodiscard]] py::dict take() { return std::move(columns_); }

 private:
  py::dict columns_;
};

/// The same, of a list of records: a column is what a member, or a function, gives of each.
template <class Record>
class Table {
 public:
  explicit Table(const std::vector<Record>& records) : records_(records) {}

  /// Texts, truth values, whole numbers or floating-point ones, as `of` gives them.
  template <class Of>
  Table& add(const char* name, Of of) {
    using Value = std::remove_cvref_t<std::invoke_result_t<Of&, const Record&>>;
    if constexpr (std::convertible_to<Value, std::string_view>) {
      columns_.add(name, values<std::string>(of));
    } else if constexpr (std::same_as<Value, bool> || std::floating_point<Value>) {
      columns_.add(name, values<Value>(of));
    } else {
      static_assert(std::integral<Value>);
      columns_.add(name, values<std::int64_t>(of));
    }
    return *this;
  }
  /// Instants on the wall, ns since 1970 UTC.
  template <class Of>
  Table& add_wall_times(const char* name, Of of) {
    columns_.add_object(name, wall_times_of(values<Tick>(of)));
    return *this;
  }
  /// Instants since a plant's epoch.
  template <class Of>
  Table& add_instants(const char* name, const PlantData& plant, Of of) {
    columns_.add_object(name, instants_of(plant, values<Tick>(of)));
    return *this;
  }
  template <class Of>
  Table& add_spans(const char* name, Of of) {
    columns_.add_object(name, spans_of(values<Tick>(of)));
    return *this;
  }
  Table& add_object(const char* name, py::object values) {
    columns_.add_object(name, std::move(values));
    return *this;
  }
  [[nodiscard]] py::dict take() { return columns_.take(); }

 private:
  template <class Value, class Of>
  [[nodiscard]] std::vector<Value> values(Of& of) const {
    std::vector<Value> out;
    out.reserve(records_.size());
    for (const Record& record : records_) out.emplace_back(std::invoke(of, record));
    return out;
  }

  const std::vector<Record>& records_;
  Columns columns_;
};

/// Text in which bytes of no meaning may stand.
[[nodiscard]] inline py::object text_of(std::string_view text) {
  return py::reinterpret_steal<py::object>(
      PyUnicode_DecodeUTF8(text.data(), static_cast<py::ssize_t>(text.size()), "replace"));
}

}  // namespace twin::python
