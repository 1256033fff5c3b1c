// Letters on their way into an account, over the office: from files (chappe store import), or from a backup (chappe
// store restore).
//
// A letter that is there already is not imported again: the same mailbox, the same octets (SHA-256), and a date within
// two seconds, which is as exact as a zip is. So an import that was interrupted is begun anew and goes on. A letter
// over half a MiB waits in an unnamed file until it is known to be new; the others are filed some hundred at a time. In
// memory are those, and about a hundred octets for each letter of the mailboxes that are being filled.
//
// Main thread only; blocks.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/admin_office.h"
#include "app/archive/source.h"
#include "app/cli.h"

namespace chappe::app {

struct ImportReport {
  std::uint64_t imported = 0, octets = 0, there = 0, skipped = 0;
  std::vector<std::pair<std::string, std::string>> reasons;  // the first thousand: where, and why
};

class Importer : public LetterSink {
 public:
  // Files what is still held, and takes the progress bar away.
  virtual Result<void> finish() = 0;
  virtual const ImportReport& report() const = 0;
};

// `into`: the mailbox above all others, or empty. `invocation` and `office` must outlive it.
std::unique_ptr<Importer> make_importer(const Invocation& invocation, AdminOffice& office, std::string account,
                                        std::string into);

// Tells people or programs how it went; gives the exit code.
int tell_import(const Invocation& invocation, const ImportReport& report, const Result<void>& done);

}  // namespace chappe::app
