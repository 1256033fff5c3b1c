// The server machine while a letter comes: its chunks, its end, and what is said then.
#include <algorithm>
#include <utility>

#include "proto/smtp/server.h"

namespace chappe::proto::smtp {

std::optional<Event> ServerMachine::begin_chunk(const BdatChunk& chunk) {
  const std::uint64_t limit = options_->limits.letter, before = intake_.facts().size;
  chunk_last_ = chunk.last;
  chunk_refusal_ = chunk.refusal;
  if (!chunk_refusal_ && (chunk.size > limit || before > limit - chunk.size)) chunk_refusal_ = Rule::letter_too_large;
  if (chunk_refusal_ && intake_.too_much_to_skip(chunk.size)) {
    Event event = refuse(Rule::chunk_too_large, "BDAT");
    close(Rule::too_much_refused_data);
    return event;
  }
  mode_ = Mode::letter;
  intake_.begin_chunk(chunk.size);
  if (chunk_refusal_) intake_.skip_chunk();
  if (chunk_refusal_ || session_.chunked) return std::nullopt;
  session_.chunked = true;
  question_ = Question::chunk;
  return DataBegin{.chunked = true};
}

std::optional<Event> ServerMachine::step_letter() {
  using Step = LetterIntake::Step;
  Chunk piece;
  switch (intake_.step(lines_, piece)) {
    case Step::need_input:
      return std::nullopt;
    case Step::piece:
      return Data{std::move(piece)};
    case Step::broken:
      return DataRefused{*intake_.broken()};
    case Step::letter_end:
      return letter_done();
    case Step::chunk_end:
      return chunk_done();
    case Step::too_much:
      say(Rule::letter_too_large);
      close(Rule::too_much_refused_data);
      return std::nullopt;
  }
  return std::nullopt;
}

Event ServerMachine::letter_done() {
  mode_ = Mode::commands;
  if (const auto rule = intake_.broken()) return refuse_letter(*rule);
  question_ = Question::letter;
  return DataEnd{intake_.facts()};
}

std::optional<Event> ServerMachine::chunk_done() {
  mode_ = Mode::commands;
  if (chunk_last_ && !chunk_refusal_ && !letter_refusal_ && intake_.finish()) {  // broken by its very last octet
    const Rule rule = *intake_.broken();
    waiting_ = refuse_letter(rule);
    return DataRefused{rule};
  }
  const std::optional<Rule> rule = chunk_refusal_ ? chunk_refusal_ : intake_.broken();
  if (!rule && !letter_refusal_) {
    if (!chunk_last_) {
      say(Rule::chunk_ok);
      return std::nullopt;
    }
    question_ = Question::letter;
    return DataEnd{intake_.facts()};
  }
  std::optional<Event> event;
  // RFC 2033 §4.3: one reply for each accepted recipient, even if there is none.
  const bool silent = chunk_last_ && options_->role == Role::lmtp && session_.in_mail && session_.recipients == 0;
  for (std::size_t i = 1; chunk_last_ && i < replies_to_letter(); ++i)
    say(letter_refusal_ ? *letter_refusal_ : Reply(*rule));
  if (letter_refusal_) {
    const Reply reply = *std::exchange(letter_refusal_, std::nullopt);
    say(reply);
    answered_negatively(Question::chunk, reply);
  } else if (silent) {
    event = refuse_silently(*rule, "BDAT");
  } else {
    event = refuse(*rule, "BDAT");
  }
  session_.chunk_failed = session_.in_mail;
  if (intake_.end()) waiting_ = Reset{};
  if (chunk_last_) end_letter(false);
  return event;
}

Event ServerMachine::refuse_letter(Rule rule) {
  for (std::size_t i = 1; i < replies_to_letter(); ++i) say(rule);
  Event event = refuse(rule, "");
  end_letter(false);
  return event;
}

// RFC 2033 §4.2: an LMTP client waits for a reply for each recipient that was accepted.
std::size_t ServerMachine::replies_to_letter() const {
  return options_->role == Role::lmtp ? std::max<std::size_t>(session_.recipients, 1) : 1;
}

// The transaction ends without the client's asking for it by name.
void ServerMachine::give_up_letter() {
  if (intake_.end()) waiting_ = Reset{};
  session_.end_transaction();
}

void ServerMachine::end_letter(bool kept) {
  intake_.end();
  session_.end_transaction();
  if (kept) errors_ = idle_ = 0;
}

}  // namespace chappe::proto::smtp
