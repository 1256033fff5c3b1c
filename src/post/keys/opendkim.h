// The tables of OpenDKIM, from which its users bring their keys: KeyTable ("NAME DOMAIN:SELECTOR:FILE", or the private
// key itself in the place of FILE) and SigningTable ("PATTERN NAME"), as opendkim.conf(5) has them, in their form of
// plain files. Pure; linear; whether a key is one is the caller's matter.
//
// What a flaw says never holds a text that may be a key: a line is named by its number.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/secret.h"

namespace chappe::post {

struct OpendkimKey {
  std::string name;
  std::string domain;  // A-labels; "%": of whoever writes, which SigningTable tells
  std::string selector;
  std::string file;                           // "/…", "./…", "../…"; empty: the key stands in the table
  std::shared_ptr<const crypto::Secret> der;  // then: what its base64 stands for
  std::size_t line = 0;
};
struct OpendkimSigning {
  std::string domain;  // of the pattern: "*@example.org", "example.org", "bob@example.org", ".example.org"
  bool whole = false;  // of everybody there, not of one address
  std::string key;     // its name in KeyTable
  std::size_t line = 0;
};
enum class OpendkimFile : std::uint8_t { key_table, signing_table };
struct OpendkimFlaw {
  OpendkimFile file{};
  std::size_t line = 0;
  std::string what;  // in English, with what to do
};
template <class T>
struct OpendkimTable {
  std::vector<T> rows;
  std::vector<OpendkimFlaw> flaws;  // lines that are left out
};

inline constexpr std::size_t kMaxOpendkimLine = 4'096;  // octets

OpendkimTable<OpendkimKey> parse_key_table(std::string_view text);
OpendkimTable<OpendkimSigning> parse_signing_table(std::string_view text);

// A key of a domain, and whether OpenDKIM signs with it.
struct OpendkimImport {
  std::string domain, selector, file;
  bool signs = false;
  std::shared_ptr<const crypto::Secret> der = {};
  bool operator==(const OpendkimImport&) const = default;
};
// What both tables say together: each key once for each domain. Without signing table (null) every key signs. Adds to
// `flaws` what OpenDKIM does and Chappe does not: signing for one address only, or with another domain's key.
std::vector<OpendkimImport> opendkim_imports(const OpendkimTable<OpendkimKey>& keys,
                                             const OpendkimTable<OpendkimSigning>* signing,
                                             std::vector<OpendkimFlaw>& flaws);

}  // namespace chappe::post
