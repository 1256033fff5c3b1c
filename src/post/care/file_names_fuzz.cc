// Names of files from outside: whatever they are, what is made of them is a name that a mailbox can have, and comes
// back.
#include <cstdlib>

#include "base/text.h"
#include "post/care/file_names.h"
#include "post/mailbox/mailbox.h"

using namespace chappe;        // NOLINT
using namespace chappe::post;  // NOLINT

namespace {

void must(bool ok) {
  if (!ok) std::abort();
}

void check(const std::optional<std::string>& mailbox) {
  if (!mailbox) return;
  must(canonical_mailbox_name(*mailbox) == *mailbox);
  must(mailbox_of_tree_path(tree_path(*mailbox)) == *mailbox);
  const auto folder = maildir_folder(*mailbox);
  if (folder && !folder->empty()) must(mailbox_of_maildir_folder(*folder) == *mailbox);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view in(reinterpret_cast<const char*>(data), size);
  check(mailbox_of_maildir_folder(in));
  std::vector<std::string> path;
  for (const std::string_view part : split(in, '/')) path.emplace_back(part);
  check(mailbox_of_tree_path(path));
  (void)parse_maildir_name(in);
  must(parse_keyword_table(in).size() <= kMaxKeywords);
  if (const auto name = parse_eml_name(in)) {
    const auto again = parse_eml_name(eml_name({1}, *name));
    must(again && again->date == name->date && again->flags == name->flags && again->keywords == name->keywords);
  }
  return 0;
}
