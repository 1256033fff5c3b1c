// Where an export puts letters: a Maildir with its folders, mbox files, a tree of .eml, or a zip of such a tree.
//
// The first three go into a folder and can be gone on with: a target remembers in the file .chappe-export, after what
// it tells of has been synced, how far each mailbox is. What lies behind that belongs to an export that was
// interrupted, and is written once more. A zip is written under a name of its own and gets its real one at the end.
//
// Main thread only; blocks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/archive/source.h"
#include "base/bytes.h"
#include "base/result.h"
#include "post/mailbox/types.h"

namespace chappe::app {

struct OutgoingMailbox {
  std::string name;
  std::uint32_t uidvalidity = 0;
};

// A letter, and how to read it, from its beginning, as often as it is asked for.
struct Outgoing {
  post::Uid uid;
  std::uint64_t size = 0;
  Time date;
  post::FlagList flags;
  std::function<Result<void>(const std::function<Result<void>(ByteView)>& to)> read;
};

// Whether a letter will come back from this format as it is; empty, or what will be different.
using Inexact = std::string_view;

class LetterTarget {
 public:
  virtual ~LetterTarget() = default;
  // The UID that the mailbox was exported up to. Errors: too_large (its name), io.
  virtual Result<post::Uid> begin(const OutgoingMailbox& mailbox) = 0;
  // A letter of that mailbox, in the order of UIDs.
  virtual Result<Inexact> letter(const Outgoing& letter) = 0;
  // Everything up to here is to be gone on with, not to be done again.
  virtual Result<void> keep() = 0;
  // Everything is there.
  virtual Result<void> finish() = 0;
};

// `path`: a folder, made if it is missing; of a zip, the file. Errors: exists (it is there, and no export of this
// format), io, usage.
Result<std::unique_ptr<LetterTarget>> open_target(const std::string& path, ArchiveFormat format);
Result<std::unique_ptr<LetterTarget>> open_zip_target(const std::string& path);

// The keywords of one mailbox, numbered as they come.
class KeywordNumbers {
 public:
  std::vector<std::size_t> of(const std::vector<std::string>& keywords);
  const std::vector<std::string>& names() const { return names_; }
  void set(std::vector<std::string> names) { names_ = std::move(names); }

 private:
  std::vector<std::string> names_;
};

}  // namespace chappe::app
