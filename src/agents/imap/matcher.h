// Whether a message is what SEARCH looks for (RFC 9051 §6.4.4). The program is prepared once (texts folded, sets
// resolved, keywords found), then asked for each message with what is known of it: what is missing makes the answer
// `unknown`, and the caller reads more. So a search that flags decide never reads a letter.
//
// Pure: no store, no waiting; may be asked by several threads at a time. Recursion is as deep as the program, which
// Limits::depth caps. Texts are compared caselessly, decoded from their charsets and encodings, as people read them
// (post/search/text.h, where the index has them from): so what the index knows needs not be read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "message/letter.h"
#include "post/mailbox/types.h"
#include "post/search/narrow.h"
#include "proto/imap/search_key.h"

namespace chappe::agents::imap {

// What is known of a message.
struct Candidate {
  std::uint32_t seq = 0;
  post::MessageState state;
  const post::MessageRecord* record = nullptr;  // null: not read
  const message::Letter* header = nullptr;      // the body may be missing; null: not read
  const message::Letter* letter = nullptr;      // null: not read
};

enum class Truth : std::uint8_t { no, yes, unknown };

class Matcher {
 public:
  struct World {
    const std::vector<std::string>* keywords = nullptr;  // of the mailbox, in their order
    std::uint32_t messages = 0;                          // what `*` means
    post::Uid last;                                      //
    const post::UidSet* saved = nullptr;                 // what `$` means
    Time now;
  };

  // `charset`: of the program's texts; empty for UTF-8. The world is copied from.
  // Errors: unsupported, for a charset that nobody knows; invalid, for a text that is not of it.
  static Result<Matcher> make(std::shared_ptr<const proto::imap::SearchProgram> program, const std::string& charset,
                              const World& world);

  // A key that looks for a text, by its place in the program.
  struct TextKey {
    std::uint32_t place;
    post::search::Pattern pattern;
  };
  std::vector<TextKey> text_keys() const;
  // Messages in which the text of this key does not stand, and in which it does: they are not read for it.
  void narrow(std::uint32_t place, post::search::Narrowed known) { ready_[place].known = std::move(known); }

  Truth matches(const Candidate& candidate) const { return key(0, candidate); }

 private:
  using Key = proto::imap::SearchKey;
  // What is prepared of a key.
  struct Ready {
    std::string text;  // folded
    std::vector<proto::imap::Range> ranges;
    std::optional<post::Flag> flag;
    std::optional<std::size_t> keyword;  // its number in the mailbox
    std::int64_t day = 0;
    post::search::Narrowed known;
  };

  explicit Matcher(std::shared_ptr<const proto::imap::SearchProgram> program) : program_(std::move(program)) {}
  Truth key(std::uint32_t place, const Candidate& candidate) const;
  // Of a key that looks for a text, by what the index knows.
  static Truth known(const Ready& ready, const Candidate& candidate);
  bool has_flag(const Ready& ready, const Candidate& candidate) const;
  Truth dated(const Key& k, const Ready& ready, const Candidate& candidate) const;
  Truth sent(const Key& k, const Ready& ready, const Candidate& candidate) const;
  bool in_header(const Key& k, const Ready& ready, const message::Letter& letter) const;
  bool in_headers(const Ready& ready, const message::Letter& letter) const;
  bool in_body(const Ready& ready, const message::Letter& letter) const;

  std::shared_ptr<const proto::imap::SearchProgram> program_;
  std::vector<Ready> ready_;
  Time now_;
};

}  // namespace chappe::agents::imap
