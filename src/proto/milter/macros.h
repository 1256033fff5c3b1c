// Macros: what a server tells a filter beside the steps themselves, as names with values, in front of the step. Which
// names go with which step is a list: a common one, or the filter's own. Values and pure functions.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proto/milter/protocol.h"

namespace chappe::proto::milter {

// Values by name: "j", "{client_addr}".
class Macros {
 public:
  // An empty value takes it away.
  void set(std::string_view name, std::string_view value);
  void clear() { values_.clear(); }
  // nullptr: there is none.
  const std::string* find(std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

class MacroLists {
 public:
  // The common ones.
  MacroLists();
  const std::vector<std::string>& of(MacroStep step) const { return lists_[static_cast<std::size_t>(step)]; }
  // The filter's own, names separated by blanks or commas. What is beyond kMaxMacros or kMaxMacroName is left out.
  void set(MacroStep step, std::string_view names);

 private:
  std::array<std::vector<std::string>, kMacroSteps> lists_;
};

}  // namespace chappe::proto::milter
