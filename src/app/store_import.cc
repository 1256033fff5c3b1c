// chappe store import: letters from a Maildir, mbox files, .eml trees and zips of them into an account.
#include "app/admin.h"
#include "app/admin_call.h"
#include "app/archive/source.h"
#include "app/importer.h"
#include "post/mailbox/mailbox.h"

namespace chappe::app {

int store_import(const Invocation& invocation) {
  const auto account = invocation.value("account");
  if (!account)
    return invocation.refuse(
        Error(Errc::usage, std::string(invocation.say(
                               {"say which account: --account ADDRESS", "dites quel compte : --account ADRESSE"}))));
  const auto format = archive_format(invocation.value("format").value_or(""));
  std::string into = invocation.value("into").value_or("");
  if (!into.empty()) {
    const auto canonical = post::canonical_mailbox_name(into);
    if (!canonical) return invocation.refuse(canonical.error());
    into = *canonical;
  }
  auto office = AdminOffice::open(invocation);
  if (!office) return invocation.refuse(office.error());
  Params params;
  params.add("address", *account);
  if (const auto there = ask(**office, "account.show", params); !there) return invocation.refuse(there.error());
  const auto importer = make_importer(invocation, **office, *account, into);
  auto read = read_archive(invocation.argument(0), format.value_or(ArchiveFormat::any),
                           into.empty() ? SingleFile::named : SingleFile::top, *importer);
  const auto finished = importer->finish();
  if (read) read = finished;
  return tell_import(invocation, importer->report(), read);
}

}  // namespace chappe::app
