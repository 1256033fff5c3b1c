#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "codec/utf8.h"
#include "message/address.h"
#include "message/lexer.h"
#include "trust/authres/results.h"
#include "trust/mail_domain.h"

namespace chappe::trust::authres {
namespace {

void clean_word(std::string& word) {
  if (word.size() > kMaxKeyword) word.resize(kMaxKeyword);
  for (char& c : word) c = is_alnum(c) ? lower(c) : '-';
  if (word.empty()) word = "x";
}

void clean_text(std::string& text) {
  text = codec::utf8_cut(codec::utf8_repair(text), kMaxValue);
  for (char& c : text)
    if (is_ctl(c)) c = '?';
}

// Domains are written as A-labels: the letter may be one of ASCII (RFC 8616 §3).
void clean_value(std::string& value) {
  clean_text(value);
  if (codec::is_ascii(value)) return;
  const std::size_t at = value.rfind('@');
  const std::size_t begin = at == std::string::npos ? 0 : at + 1;
  const auto key = mail_domain(std::string_view(value).substr(begin));
  if (key && begin + key->size() <= kMaxValue) value.replace(begin, std::string::npos, *key);
}

bool all_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), message::is_token);
}

// [ [ local-part ] "@" ] domain-name, with a local part that needs no quotes
bool is_plain_address(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at + 1 == text.size()) return false;
  const std::string_view domain = text.substr(at + 1);
  return (at == 0 || message::is_dot_atom(text.substr(0, at))) && std::all_of(domain.begin(), domain.end(), [](char c) {
           return is_alnum(c) || is_8bit(c) || c == '-' || c == '_' || c == '.';
         });
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string value_text(std::string_view text) { return all_token(text) ? std::string(text) : quoted(text); }

// What stands of a result between blanks.
std::vector<std::string> pieces_of(const MethodResult& r) {
  std::vector<std::string> out;
  out.push_back(r.version == 1 ? fmt::format("{}={}", r.method, r.result)
                               : fmt::format("{}/{}={}", r.method, r.version, r.result));
  if (r.reason) out.push_back("reason=" + value_text(*r.reason));
  for (const Property& p : r.properties)
    out.push_back(
        fmt::format("{}.{}={}", p.ptype, p.property, is_plain_address(p.value) ? p.value : value_text(p.value)));
  return out;
}

}  // namespace

Results cleaned(Results results) {
  results.version = 1;
  if (auto key = mail_domain(results.authserv_id)) {
    results.authserv_id = std::move(*key);
  } else {
    clean_text(results.authserv_id);
    if (results.authserv_id.empty()) results.authserv_id = "unknown.invalid";
  }
  std::size_t size = 0, kept = 0;
  for (MethodResult& r : results.results) {
    clean_word(r.method);
    clean_word(r.result);
    if (r.reason) clean_text(*r.reason);
    if (r.properties.size() > Reading::kMaxProperties) r.properties.resize(Reading::kMaxProperties);
    for (Property& p : r.properties) {
      clean_word(p.ptype);
      clean_word(p.property);
      clean_value(p.value);
    }
    for (const std::string& piece : pieces_of(r)) size += piece.size() + 8;
    if (size > kMaxWritten || kept == Reading::kMaxResults) break;
    ++kept;
  }
  results.results.resize(kept);
  return results;
}

std::string write(const Results& results, std::optional<unsigned> arc_instance) {
  constexpr std::string_view kFold = "\r\n    ";
  const Results clean = cleaned(results);
  std::string out = arc_instance ? fmt::format("ARC-Authentication-Results: i={};", *arc_instance)
                                 : std::string("Authentication-Results:");
  std::size_t line = 0;  // where it begins
  const auto add = [&](std::string_view piece, bool fold) {
    if (fold || out.size() - line + 1 + piece.size() + 1 > kMaxColumns) {  // and a semicolon
      out += kFold;
      line = out.size() - (kFold.size() - 2);
    } else {
      out += ' ';
    }
    out += piece;
  };
  add(value_text(clean.authserv_id), false);
  if (clean.results.empty()) {
    out += ';';
    add("none", false);
  }
  for (const MethodResult& r : clean.results) {
    out += ';';
    bool fold = true;
    for (const std::string& piece : pieces_of(r)) {
      add(piece, fold);
      fold = false;
    }
  }
  return out + "\r\n";
}

}  // namespace chappe::trust::authres
