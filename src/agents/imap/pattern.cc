#include "agents/imap/pattern.h"

#include <vector>

namespace chappe::agents::imap {

bool matches(ByteView pattern, ByteView name) {
  // reached[i]: the pattern so far matches the first i octets of the name.
  std::vector<bool> reached(name.size() + 1);
  reached[0] = true;
  for (const char p : pattern) {
    if (p == '*' || p == '%') {
      for (std::size_t i = 1; i <= name.size(); ++i)
        if (reached[i - 1] && (p == '*' || name[i - 1] != kSeparator)) reached[i] = true;
      continue;
    }
    bool any = false;
    for (std::size_t i = name.size(); i > 0; --i) {
      reached[i] = reached[i - 1] && name[i - 1] == p;
      any = any || reached[i];
    }
    reached[0] = false;
    if (!any) return false;
  }
  return reached[name.size()];
}

}  // namespace chappe::agents::imap
