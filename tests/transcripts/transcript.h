// Reads conversations written down in tests/transcripts (the format is in README.md there) and plays them to whatever
// can be spoken to. Header only: unit tests of several folders use it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chappe::transcripts {

struct Step {
  enum class Kind { client, server, list, tls, server_close, client_close, letter };
  Kind kind = Kind::client;
  std::string text;  // octets for client and letter, a pattern for server, the words of a list
  int line = 0;
};

struct Transcript {
  std::string name;  // file name without folder
  std::map<std::string, std::string> world;
  std::vector<std::string> mail;
  std::vector<Step> steps;
  std::string error;  // the file could not be read; empty: it could

  bool has(const std::string& key) const { return world.contains(key); }
  std::string get(const std::string& key, const std::string& otherwise = "") const {
    const auto at = world.find(key);
    return at == world.end() ? otherwise : at->second;
  }
  std::size_t number(const std::string& key, std::size_t otherwise) const {
    return has(key) ? std::strtoull(world.at(key).c_str(), nullptr, 10) : otherwise;
  }
  std::size_t client_octets() const {
    std::size_t n = 0;
    for (const Step& s : steps)
      if (s.kind == Step::Kind::client) n += s.text.size();
    return n;
  }
};

// For gtest: a parameter is shown by its name.
inline void PrintTo(const Transcript& t, std::ostream* out) { *out << t.name; }

// Turns the escapes of the format into octets.
inline std::string unescape(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '\\' || i + 1 == s.size()) {
      out += s[i];
      continue;
    }
    const char c = s[++i];
    if (c == 'r') {
      out += '\r';
    } else if (c == 'n') {
      out += '\n';
    } else if (c == 't') {
      out += '\t';
    } else if (c == 'x' && i + 2 < s.size()) {
      out += static_cast<char>(std::strtol(std::string(s.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else if (c == '{') {
      const std::size_t star = s.find('*', i), close = s.find('}', i);
      const std::string part = unescape(s.substr(star + 1, close - star - 1));
      for (long n = std::strtol(std::string(s.substr(i + 1, star - i - 1)).c_str(), nullptr, 10); n > 0; --n)
        out += part;
      i = close;
    } else {
      out += c;
    }
  }
  return out;
}

// `*` stands for any text, also none.
inline bool fits(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

inline Transcript read(const std::filesystem::path& path) {
  using enum Step::Kind;
  Transcript t;
  t.name = path.filename().string();
  std::ifstream in(path, std::ios::binary);
  if (!in) t.error = "cannot be opened";
  bool joins = false;  // the previous line was of the same kind
  bool next_mail = true;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const auto value = [&](std::string_view prefix) {
      std::string_view v = std::string_view(line).substr(prefix.size());
      if (v.starts_with(' ')) v.remove_prefix(1);
      return std::string(v);
    };
    const auto add = [&](Step::Kind kind, const std::string& text, bool join) {
      if (join && joins && !t.steps.empty() && t.steps.back().kind == kind) {
        t.steps.back().text += text;
      } else {
        t.steps.push_back({kind, text, number});
      }
      joins = true;
    };
    const std::string_view v = line;
    if (v.empty() || v.starts_with('#')) continue;
    if (v.starts_with("@mail")) {
      next_mail = true;
    } else if (v.starts_with('@')) {
      const std::size_t space = std::min(line.find(' '), line.size());
      t.world[line.substr(1, space - 1)] = space < line.size() ? line.substr(space + 1) : "";
    } else if (v.starts_with("M:")) {
      if (std::exchange(next_mail, false)) t.mail.emplace_back();
      t.mail.back() += unescape(value("M:")) + "\r\n";
    } else if (v.starts_with("C:")) {
      add(client, unescape(value("C:")) + "\r\n", true);
    } else if (v.starts_with("C-raw:")) {
      add(client, unescape(value("C-raw:")), true);
    } else if (v.starts_with("S:")) {
      add(server, unescape(value("S:")), false);
    } else if (v.starts_with("S-ehlo:") || v.starts_with("S-capa:")) {
      add(list, (v.starts_with("S-ehlo:") ? "E" : "C") + value("S-ehlo:"), false);
    } else if (v.starts_with("L:")) {
      add(letter, unescape(value("L:")) + "\r\n", true);
    } else if (v.starts_with("L-raw:")) {
      add(letter, unescape(value("L-raw:")), true);
    } else if (v == "TLS") {
      add(tls, "", false);
    } else if (v == "CLOSE") {
      add(server_close, "", false);
    } else if (v == "C-close") {
      add(client_close, "", false);
    } else {
      t.error = "line " + std::to_string(number) + " is not of the format";
    }
  }
  if (t.error.empty() && !t.has("door")) t.error = "no @door";
  return t;
}

inline std::vector<Transcript> read_folder(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".txt") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Transcript> out;
  for (const auto& p : paths) out.push_back(read(p));
  return out;
}

// What a transcript is played to.
class Subject {
 public:
  virtual ~Subject() = default;
  // The octets it sends before anything is said to it.
  virtual std::string start() = 0;
  virtual std::string send(std::string_view octets) = 0;
  // The handshake; false when it is not waiting for one.
  virtual bool tls() = 0;
  virtual std::string end_of_input() = 0;
  virtual bool closed() const = 0;
  // The letters it has accepted, in order.
  virtual const std::vector<std::string>& letters() const = 0;
};

// How the client's octets are cut: not at all, into single octets, or once at `at` (counted over all it says).
struct Cuts {
  bool single = false;
  std::size_t at = static_cast<std::size_t>(-1);
};

namespace detail {

inline bool take_line(std::string& got, std::string& line) {
  const std::size_t end = got.find("\r\n");
  if (end == std::string::npos) return false;
  line = got.substr(0, end);
  got.erase(0, end + 2);
  return true;
}

// The lines of a 250 reply, or of a POP3 list, against the words of S-ehlo and S-capa.
inline std::string check_list(const std::string& words, std::string& got) {
  const bool ehlo = words[0] == 'E';
  std::vector<std::string> lines;
  std::string line;
  for (;;) {
    if (!take_line(got, line)) return "the list does not end";
    if (!ehlo && line == ".") break;
    if (ehlo && !line.starts_with("250")) return "not a 250: " + line;
    lines.push_back(ehlo ? line.substr(4) : line);
    if (ehlo && line[3] == ' ') break;
  }
  for (std::size_t at = 1; at < words.size();) {
    const std::size_t end = std::min(words.find(',', at), words.size());
    std::string word = words.substr(at, end - at);
    word.erase(0, word.find_first_not_of(' '));
    at = end + 1;
    const bool absent = word.starts_with('!');
    if (absent) word.erase(0, 1);
    const bool found = std::any_of(lines.begin(), lines.end(), [&](const std::string& l) { return fits(word, l); });
    if (found == absent) return (absent ? "unwanted: " : "missing: ") + word;
  }
  return "";
}

inline std::string quoted(const std::string& s) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const char c : s.substr(0, 300)) {
    const auto u = static_cast<unsigned char>(c);
    if (u >= 0x20 && u < 0x7f) {
      out += c;
    } else {
      out += "\\x";
      out += kHex[u >> 4];
      out += kHex[u & 15];
    }
  }
  return "\"" + out + "\"";
}

}  // namespace detail

// Plays all of it; gives what went wrong, or nothing. Everything that was sent is appended to `all_output`.
inline std::string play(const Transcript& t, Subject& subject, const Cuts& cuts, std::string& all_output) {
  using enum Step::Kind;
  std::string got = subject.start();
  all_output = got;
  std::size_t said = 0, letters = 0;
  const auto take = [&](std::string out) {
    all_output += out;
    got += out;
  };
  const auto wrong = [&](const Step& s, const std::string& what) {
    return t.name + ":" + std::to_string(s.line) + ": " + what;
  };
  for (const Step& s : t.steps) {
    std::string line;
    switch (s.kind) {
      case client: {
        if (!got.empty()) return wrong(s, "unexpected reply before this: " + detail::quoted(got));
        const std::string_view text = s.text;
        if (cuts.single) {
          for (std::size_t i = 0; i < text.size(); ++i) take(subject.send(text.substr(i, 1)));
        } else if (cuts.at > said && cuts.at < said + text.size()) {
          take(subject.send(text.substr(0, cuts.at - said)));
          take(subject.send(text.substr(cuts.at - said)));
        } else {
          take(subject.send(text));
        }
        said += text.size();
        break;
      }
      case server:
        if (!detail::take_line(got, line)) return wrong(s, "no reply; expected " + detail::quoted(s.text));
        if (!fits(s.text, line))
          return wrong(s, "expected " + detail::quoted(s.text) + ", got " + detail::quoted(line));
        break;
      case list:
        if (const std::string what = detail::check_list(s.text, got); !what.empty()) return wrong(s, what);
        break;
      case tls:
        if (!got.empty() || !subject.tls()) return wrong(s, "the server does not wait for TLS");
        break;
      case server_close:
        if (!subject.closed()) return wrong(s, "the server has not closed");
        break;
      case client_close:
        take(subject.end_of_input());
        break;
      case letter:
        if (subject.letters().size() <= letters) return wrong(s, "no such letter was accepted");
        if (subject.letters()[letters++] != s.text)
          return wrong(s, "expected the letter " + detail::quoted(s.text) + ", got " +
                              detail::quoted(subject.letters()[letters - 1]));
        break;
    }
  }
  if (!got.empty()) return t.name + ": unexpected reply at the end: " + detail::quoted(got);
  return "";
}

}  // namespace chappe::transcripts
