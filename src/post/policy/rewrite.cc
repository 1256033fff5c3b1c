#include "post/policy/rewrite.h"

#include "base/text.h"
#include "trust/authres/results.h"

namespace chappe::post {
namespace {

using message::FieldName;
using Kind = HeaderChange::Kind;

// Why a judge must not touch fields of that name and value.
std::optional<Unheeded> forbidden(const HeaderChange& change, const Rewriting& how) {
  if (istarts_with(change.name, "content-") || iequals(change.name, "MIME-Version") ||
      iequals(change.name, "Return-Path"))
    return Unheeded::reserved;
  if (change.kind == Kind::remove || !iequals(change.name, "Authentication-Results")) return std::nullopt;
  // RFC 8601 §5
  return trust::authres::claims(change.value, how.authserv_id) ? std::optional(Unheeded::forged) : std::nullopt;
}

Bytes field_of(const HeaderChange& change) { return change.name + ":" + change.value + "\r\n"; }

class Rewriter {
 public:
  Rewriter(const message::Letter& letter, ByteView header, const Rewriting& how) : how_(how) {
    std::size_t end = 0;  // of the field before
    for (const message::Field& field : letter.fields()) {
      Slot& slot = slots_.emplace_back();
      slot.field = &field;
      slot.before = header.substr(end, field.offset() - end);
      slot.now = field.raw();
      end = field.offset() + field.raw().size();
      size_ += slot.before.size();
      if (how.drop && how.drop(field)) {
        slot.now.clear();
        out_.changed = true;
      }
      size_ += slot.now.size();
    }
    // The empty line, or the line that is no field.
    rest_ = header.substr(end);
    size_ += rest_.size();
  }

  void take(const Heard& heard) {
    for (const HeaderChange& change : heard.opinion.fields()) {
      const auto why = forbidden(change, how_);
      if (why || !apply(change))
        out_.unheeded.push_back({heard.judge, {why.value_or(Unheeded::too_large), printable(change.name)}});
    }
  }

  Rewritten finish() {
    for (const Slot& slot : slots_) {
      out_.header += slot.before;
      for (auto above = slot.above.rbegin(); above != slot.above.rend(); ++above) out_.header += *above;
      // A letter that ends within a field: what comes below it would be a part of that.
      if (!slot.now.empty() && !slot.now.ends_with('\n')) out_.header += std::exchange(below_, {});
      out_.header += slot.now;
    }
    out_.header += below_;
    out_.header += rest_;
    return std::move(out_);
  }

 private:
  struct Slot {
    const message::Field* field = nullptr;
    ByteView before;           // what is no field: a mailbox file's line
    Bytes now;                 // empty: left out
    std::vector<Bytes> above;  // the last one on top
  };

  bool room(std::size_t more, std::size_t less = 0) {
    if (size_ - less + more > how_.most) return false;
    size_ += more - less;
    out_.changed = true;
    return true;
  }

  // The `place`th field of that name as it came.
  Slot* find(const HeaderChange& change) {
    std::uint32_t n = 0;
    for (Slot& slot : slots_)
      if (iequals(slot.field->name(), change.name) && ++n == change.place) return &slot;
    return nullptr;
  }

  bool apply(const HeaderChange& change) {
    const bool counted = change.kind == Kind::change || change.kind == Kind::remove;
    Slot* slot = counted ? find(change) : nullptr;
    Bytes field = change.kind == Kind::remove ? Bytes() : field_of(change);
    if (slot) {
      if (!room(field.size(), slot->now.size())) return false;
      slot->now = std::move(field);
      return true;
    }
    if (change.kind == Kind::remove) return true;
    if (!room(field.size())) return false;
    if (change.kind == Kind::insert && change.place < slots_.size())
      slots_[change.place].above.push_back(std::move(field));
    else
      below_ += field;
    return true;
  }

  const Rewriting& how_;
  std::vector<Slot> slots_;
  Bytes below_;
  ByteView rest_;
  std::size_t size_ = 0;
  Rewritten out_;
};

}  // namespace

Rewritten rewrite(ByteView header, std::span<const Heard> heard, const Rewriting& how) {
  const message::Letter letter(header);
  Rewriter rewriter(letter, header, how);
  for (const Heard& one : heard) rewriter.take(one);
  return rewriter.finish();
}

Rewritten fields_above(std::span<const Heard> heard, const Rewriting& how) {
  Rewritten out;
  for (const Heard& one : heard) {
    for (const HeaderChange& change : one.opinion.fields()) {
      const auto leave = [&](Unheeded why) { out.unheeded.push_back({one.judge, {why, printable(change.name)}}); };
      const Bytes field = field_of(change);
      if (const auto why = forbidden(change, how))
        leave(*why);
      else if (change.kind == Kind::change || change.kind == Kind::remove ||
               out.header.size() + field.size() > how.most)
        leave(Unheeded::too_large);
      else
        out.header.insert(0, field);
    }
  }
  out.changed = !out.header.empty();
  return out;
}

}  // namespace chappe::post
