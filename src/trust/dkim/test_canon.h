// For tests: the canonical body by the plainest means there are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "trust/dkim/canon.h"

namespace chappe::trust::dkim {

// RFC 6376 §3.4.3, §3.4.4, slowly and obviously: cut into lines at CRLF, each line treated, empty
// lines at the end dropped.
inline std::string plain_canon(Canon canon, std::string_view body) {
  std::vector<std::string> lines;
  std::string line;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] == '\r' && i + 1 < body.size() && body[i + 1] == '\n') {
      lines.push_back(line);
      line.clear();
      ++i;
    } else {
      line += body[i];
    }
  }
  if (!line.empty()) lines.push_back(line);
  if (canon == Canon::relaxed) {
    for (std::string& l : lines) {
      std::string out;
      for (const char c : l) {
        if (!is_wsp(c))
          out += c;
        else if (out.empty() || out.back() != ' ')
          out += ' ';
      }
      if (out.ends_with(' ')) out.pop_back();
      l = out;
    }
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  std::string out;
  for (const std::string& l : lines) out += l + "\r\n";
  if (out.empty() && canon == Canon::simple) out = "\r\n";
  return out;
}

}  // namespace chappe::trust::dkim
