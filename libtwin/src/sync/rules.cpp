#include "twin/sync/rules.hpp"

#include <algorithm>
#include <array>
#include <regex>

#include "twin/base/error.hpp"
#include "twin/sync/observation.hpp"

namespace twin::sync {
namespace {

constexpr std::array<std::string_view, 5> kGroups = {"part", "product", "operation", "machine", "number"};

std::string with_letters(std::string_view text, Letters letters) {
  const auto up = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  const auto down = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  std::string out(text);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (letters == Letters::kUpper || (letters == Letters::kCapitalised && i == 0)) {
      out[i] = up(out[i]);
    } else if (letters != Letters::kAsWritten) {
      out[i] = down(out[i]);
    }
  }
  return out;
}

bool is_name_char(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool among(const std::vector<std::string>& words, std::string_view value) noexcept {
  return std::any_of(words.begin(), words.end(), [&](const std::string& w) { return same_word(w, value); });
}

void replace_all(std::string& text, std::string_view what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

}  // namespace

FilePattern::FilePattern(std::string pattern) : text_(std::move(pattern)) {
  if (text_.size() > 1000) throw InvalidArgument("file pattern: longer than 1000 characters");
  // std::regex knows no named groups: take the names out and remember which group had them.
  bool in_class = false;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    const char c = text_[i];
    expression_ += c;
    if (c == '\\' && i + 1 < text_.size()) {
      expression_ += text_[++i];
    } else if (c == '[') {
      in_class = true;
    } else if (c == ']') {
      in_class = false;
    } else if (c == '(' && !in_class) {
      if (i + 1 >= text_.size() || text_[i + 1] != '?') {
        groups_.emplace_back();
        continue;
      }
      if (i + 3 >= text_.size() || text_[i + 2] != '<' || !is_name_char(text_[i + 3])) continue;
      const std::size_t end = text_.find('>', i);
      const std::string name = text_.substr(i + 3, end == std::string::npos ? end : end - i - 3);
      if (end == std::string::npos || std::find(kGroups.begin(), kGroups.end(), name) == kGroups.end()) {
        throw InvalidArgument("file pattern '" + text_ + "': unknown group '" + name +
                              "'; allowed: part, product, operation, machine, number");
      }
      if (std::find(groups_.begin(), groups_.end(), name) != groups_.end()) {
        throw InvalidArgument("file pattern '" + text_ + "': group '" + name + "' occurs twice");
      }
      groups_.push_back(name);
      i = end;
    }
  }
  try {
    const std::regex compiled(expression_, std::regex::ECMAScript | std::regex::icase);
  } catch (const std::regex_error& e) {
    throw InvalidArgument("file pattern '" + text_ + "' is no regular expression (" + e.what() + ")");
  }
}

bool FilePattern::is_ticket() const noexcept {
  const auto has = [&](std::string_view name) {
    return std::find(groups_.begin(), groups_.end(), name) != groups_.end();
  };
  return has("operation") && (has("part") || has("product"));
}

Status Rules::status(std::string_view value) const noexcept {
  if (value.empty() || among(ignored, value)) return Status::kIgnored;
  if (among(active, value)) return Status::kActive;
  if (among(completed, value)) return Status::kCompleted;
  if (interruption.empty() || among(interruption, value)) return Status::kInterruption;
  return Status::kUnknown;
}

bool Rules::plays(Role role, std::string_view item) const noexcept {
  const auto& names = items[static_cast<std::size_t>(role)];
  return std::find(names.begin(), names.end(), item) != names.end();
}

std::optional<Ticket> read_ticket(std::string_view file_name, const Rules& rules) {
  if (file_name.size() > 255) return std::nullopt;
  const std::string name(file_name);
  for (const FilePattern& pattern : rules.files) {
    std::smatch match;
    const std::regex expression(pattern.expression(), std::regex::ECMAScript | std::regex::icase);
    if (!std::regex_match(name, match, expression)) continue;
    std::array<std::string, kGroups.size()> found;
    for (std::size_t g = 0; g < pattern.groups().size() && g + 1 < match.size(); ++g) {
      const auto at = std::find(kGroups.begin(), kGroups.end(), pattern.groups()[g]);
      if (at != kGroups.end()) found[static_cast<std::size_t>(at - kGroups.begin())] = match[g + 1].str();
    }
    Ticket ticket;
    ticket.product = with_letters(found[1], rules.product_letters);
    ticket.operation = with_letters(found[2], rules.operation_letters);
    ticket.machine = with_letters(found[3], rules.machine_letters);
    if (pattern.is_ticket()) {
      ticket.part = found[0];
      if (ticket.part.empty()) {
        ticket.part = rules.part_name;
        replace_all(ticket.part, "{product}", ticket.product);
        replace_all(ticket.part, "{number}", found[4]);
      }
    }
    if (ticket.machine.empty() && !pattern.is_ticket()) ticket.machine = name.substr(0, name.find('.'));
    return ticket;
  }
  if (!rules.files.empty()) return std::nullopt;
  Ticket ticket;
  ticket.machine = with_letters(name.substr(0, name.find('.')), rules.machine_letters);
  return ticket;
}

}  // namespace twin::sync
