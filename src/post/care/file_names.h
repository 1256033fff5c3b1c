// How letters and mailboxes are called in files: Maildir and Maildir++ (as Dovecot writes them), and Chappe's own
// trees. Every name of a mailbox comes back from what is made of it here. Names from outside may be anything. Pure.
//
// Maildir++: INBOX is the folder itself; every other mailbox is a folder ".A.B" in it, in modified UTF-7 (RFC 3501
// §5.1.3), where "." inside a level is "\2e" and "\" is "\5c" (Dovecot's listescape).
// Trees: a folder for each level, in UTF-8; what some file system would not bear is "%XX", and a long level goes on in
// the folder below, when it ends with "%+".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "post/mailbox/types.h"

namespace chappe::post {

inline constexpr std::size_t kMaxFileName = 255;   // octets, of the file systems that there are
inline constexpr std::size_t kMaxTreeLevel = 200;  // of a level in a tree, before it goes on below

// --- mailboxes

// ".Work.2026"; empty for INBOX. Errors: too_large, when no file system would take it.
Result<std::string> maildir_folder(std::string_view mailbox);
// Of any file name that begins with a dot; what is not modified UTF-7 is taken as UTF-8, or else as Latin-1. Nothing:
// no name of a mailbox can be made of it.
std::optional<std::string> mailbox_of_maildir_folder(std::string_view folder);

// The folders from the top down.
std::vector<std::string> tree_path(std::string_view mailbox);
// Of any folders. Nothing: no name of a mailbox can be made of them.
std::optional<std::string> mailbox_of_tree_path(const std::vector<std::string>& path);

// --- letters in a Maildir: UNIQUE:2,FLAGS

struct MaildirName {
  std::string_view unique;  // what stands before the flags
  Flags flags;
  bool forwarded = false;       // P
  std::string_view keywords;    // a to z: the numbers 0 to 25 of the folder's dovecot-keywords
  std::optional<Time> arrived;  // of the seconds that it begins with
};
// Never fails: without ":2," there are no flags. Windows has ";" or "!" in place of the colon.
MaildirName parse_maildir_name(std::string_view name);
// `keywords`: numbers; those over 25 have no letter and are left out.
std::string maildir_name(std::string_view unique, Flags flags, const std::vector<std::size_t>& keywords);

// dovecot-keywords: a line "NUMBER NAME" each; the names by their numbers, empty where there is none.
std::vector<std::string> parse_keyword_table(std::string_view text);
std::string keyword_table(const std::vector<std::string>& names);
inline constexpr std::size_t kMaildirKeywords = 26;

// --- letters in a tree: UID_DATE_FLAGS_KEYWORDS.eml

struct EmlName {
  Time date;
  Flags flags;
  std::vector<std::size_t> keywords;  // numbers in the folder's dovecot-keywords
};
// Nothing for a name that Chappe has not given.
std::optional<EmlName> parse_eml_name(std::string_view name);
std::string eml_name(Uid uid, const EmlName& name);

}  // namespace chappe::post
