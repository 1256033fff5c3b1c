#include "agents/imap/matcher.h"

#include <algorithm>

#include "base/text.h"
#include "codec/charset.h"
#include "codec/utf8.h"
#include "message/date.h"
#include "message/words.h"
#include "post/search/text.h"

namespace chappe::agents::imap {
namespace {

using Kind = proto::imap::SearchKey::Kind;
using message::Letter;
using post::Flag;
using post::search::caseless;

constexpr std::int64_t kDay = 86'400'000'000;

std::int64_t day_of(Time time, int offset_minutes = 0) {
  const std::int64_t us = time.us + std::int64_t{offset_minutes} * 60'000'000;
  return us >= 0 ? us / kDay : (us + 1) / kDay - 1;
}

std::optional<Flag> system_flag(ByteView name) {
  static constexpr std::pair<ByteView, Flag> kFlags[] = {{"\\Answered", Flag::answered},
                                                         {"\\Flagged", Flag::flagged},
                                                         {"\\Deleted", Flag::deleted},
                                                         {"\\Seen", Flag::seen},
                                                         {"\\Draft", Flag::draft}};
  for (const auto& [text, flag] : kFlags)
    if (text == name) return flag;
  return std::nullopt;
}

Truth truth(bool b) { return b ? Truth::yes : Truth::no; }

}  // namespace

Result<Matcher> Matcher::make(std::shared_ptr<const proto::imap::SearchProgram> program, const std::string& charset,
                              const World& world) {
  if (!charset.empty() && !codec::charset_known(charset))
    return fail(Errc::unsupported, "the charset is not known: {}", printable(charset, 40));
  Matcher out(std::move(program));
  out.now_ = world.now;
  for (const Key& k : out.program_->keys) {
    Ready ready;
    switch (k.kind) {
      case Kind::flag:
      case Kind::no_flag: {
        ready.flag = system_flag(k.text);
        const auto at = std::ranges::find_if(*world.keywords, [&](const std::string& w) { return iequals(w, k.text); });
        if (at != world.keywords->end()) ready.keyword = static_cast<std::size_t>(at - world.keywords->begin());
        break;
      }
      case Kind::header:
      case Kind::body:
      case Kind::text: {
        if (charset.empty() && !codec::utf8_valid(k.text)) return fail(Errc::invalid, "the text is not UTF-8");
        ready.text = caseless(charset.empty() ? k.text : codec::to_utf8(k.text, charset).text);
        break;
      }
      case Kind::sequence:
      case Kind::uid:
        if (k.set.is_saved_result()) {
          for (const auto& r : world.saved->ranges()) ready.ranges.push_back({r.first, r.last});
        } else {
          ready.ranges = k.set.resolve(k.kind == Kind::uid ? world.last.value : world.messages);
        }
        break;
      default:
        ready.day = proto::imap::to_days(k.date.year ? k.date : proto::imap::Date{1970, 1, 1});
    }
    out.ready_.push_back(std::move(ready));
  }
  return out;
}

Truth Matcher::known(const Ready& ready, const Candidate& candidate) {
  if (ready.known.absent.contains(candidate.state.uid)) return Truth::no;
  return ready.known.present.contains(candidate.state.uid) ? Truth::yes : Truth::unknown;
}

bool Matcher::has_flag(const Ready& ready, const Candidate& candidate) const {
  if (ready.flag) return candidate.state.flags.has(*ready.flag);
  return ready.keyword && candidate.state.keywords.has(*ready.keyword);
}

Truth Matcher::dated(const Key& k, const Ready& ready, const Candidate& candidate) const {
  if (!candidate.record) return Truth::unknown;
  const bool saved = k.kind == Kind::saved_before || k.kind == Kind::saved_on || k.kind == Kind::saved_since;
  const std::int64_t day = day_of(saved ? candidate.record->saved : candidate.record->internal_date);
  if (k.kind == Kind::before || k.kind == Kind::saved_before) return truth(day < ready.day);
  if (k.kind == Kind::on || k.kind == Kind::saved_on) return truth(day == ready.day);
  return truth(day >= ready.day);
}

// RFC 9051 §6.4.4 SENTON: the day as the sender wrote it, whatever the zone.
Truth Matcher::sent(const Key& k, const Ready& ready, const Candidate& candidate) const {
  if (!candidate.header) return Truth::unknown;
  const message::Field* field = candidate.header->find(message::FieldName::date);
  const auto date = field ? message::parse_date(field->value()) : std::nullopt;
  if (!date) return Truth::no;
  const std::int64_t day = day_of(date->time, date->offset_minutes);
  if (k.kind == Kind::sent_before) return truth(day < ready.day);
  if (k.kind == Kind::sent_on) return truth(day == ready.day);
  return truth(day >= ready.day);
}

bool Matcher::in_header(const Key& k, const Ready& ready, const Letter& letter) const {
  for (const message::Field& field : letter.fields())
    if (field.is(k.field) && caseless(message::decode_text(field.value())).contains(ready.text)) return true;
  return false;
}

bool Matcher::in_headers(const Ready& ready, const Letter& letter) const {
  for (const message::Field& field : letter.all_fields())
    if (caseless(std::string(field.name()) + ": " + message::decode_text(field.value())).contains(ready.text))
      return true;
  return false;
}

// Letters within are part of the body, and so is who they are from, to whom, and about what.
bool Matcher::in_body(const Ready& ready, const Letter& letter) const {
  for (const message::Part& part : letter.parts()) {
    if (part.index != 0 && letter.part(part.parent).kind == message::Part::Kind::message) {
      for (const message::Field& field : letter.fields(part))
        if (post::search::where_of(field.name()) != post::search::Where::header &&
            caseless(message::decode_text(field.value())).contains(ready.text))
          return true;
    }
    if (part.kind != message::Part::Kind::leaf || !part.is_text()) continue;
    if (caseless(post::search::readable_text(letter, part)).contains(ready.text)) return true;
  }
  return false;
}

std::vector<Matcher::TextKey> Matcher::text_keys() const {
  using post::search::Where;
  std::vector<TextKey> out;
  for (std::uint32_t place = 0; place < ready_.size(); ++place) {
    const Key& k = program_->keys[place];
    post::search::Pattern pattern{.text = ready_[place].text};
    if (k.kind == Kind::body) {
      pattern.fields = post::search::field_bit(Where::body);
    } else if (k.kind == Kind::text) {
      pattern.fields = post::search::kAllFields;
      pattern.header = true;
    } else if (k.kind == Kind::header) {
      const Where where = post::search::where_of(k.field);
      pattern.header = where == Where::header;
      if (!pattern.header)
        pattern.fields = post::search::field_bit(where);
      else
        pattern.field_name = caseless(k.field);
    } else {
      continue;
    }
    out.push_back({place, std::move(pattern)});
  }
  return out;
}

Truth Matcher::key(std::uint32_t place, const Candidate& c) const {
  const Key& k = program_->keys[place];
  const Ready& ready = ready_[place];
  switch (k.kind) {
    case Kind::all:
    case Kind::old:  // RFC 3501: not \Recent, which no message here is
      return Truth::yes;
    case Kind::recent:
    case Kind::fresh:
    case Kind::threadid:  // threads are not kept
      return Truth::no;
    case Kind::save_supported:
      return Truth::yes;
    case Kind::flag:
      return truth(has_flag(ready, c));
    case Kind::no_flag:
      return truth(!has_flag(ready, c));
    case Kind::modseq:
      return truth(c.state.modseq.value >= k.number);
    case Kind::sequence:
      // `$` holds UIDs (RFC 9051 §6.4.4.1)
      return truth(proto::imap::contains(ready.ranges, k.set.is_saved_result() ? c.state.uid.value : c.seq));
    case Kind::uid:
      return truth(proto::imap::contains(ready.ranges, c.state.uid.value));
    case Kind::larger:
      return c.record ? truth(c.record->body.size > k.number) : Truth::unknown;
    case Kind::smaller:
      return c.record ? truth(c.record->body.size < k.number) : Truth::unknown;
    case Kind::younger:
    case Kind::older: {
      if (!c.record) return Truth::unknown;
      const bool young = (now_ - c.record->internal_date) <= std::chrono::seconds(k.number);
      return truth(young == (k.kind == Kind::younger));
    }
    case Kind::before:
    case Kind::on:
    case Kind::since:
    case Kind::saved_before:
    case Kind::saved_on:
    case Kind::saved_since:
      return dated(k, ready, c);
    case Kind::emailid:
      return c.record ? truth("M" + c.record->email.text() == k.text) : Truth::unknown;
    case Kind::sent_before:
    case Kind::sent_on:
    case Kind::sent_since:
      return sent(k, ready, c);
    case Kind::header:
      if (const Truth t = known(ready, c); t != Truth::unknown) return t;
      return c.header ? truth(in_header(k, ready, *c.header)) : Truth::unknown;
    case Kind::body:
      if (const Truth t = known(ready, c); t != Truth::unknown) return t;
      return c.letter ? truth(in_body(ready, *c.letter)) : Truth::unknown;
    case Kind::text:
      if (const Truth t = known(ready, c); t != Truth::unknown) return t;
      return c.letter ? truth(in_headers(ready, *c.letter) || in_body(ready, *c.letter)) : Truth::unknown;
    case Kind::negation: {
      const Truth t = key(k.children.front(), c);
      return t == Truth::unknown ? t : truth(t == Truth::no);
    }
    case Kind::conjunction:
    case Kind::disjunction: {
      // One child that decides is enough, whatever is not known of the others.
      const Truth decides = k.kind == Kind::conjunction ? Truth::no : Truth::yes;
      Truth out = k.kind == Kind::conjunction ? Truth::yes : Truth::no;
      for (const std::uint32_t child : k.children) {
        const Truth t = key(child, c);
        if (t == decides) return t;
        if (t == Truth::unknown) out = t;
      }
      return out;
    }
  }
  return Truth::no;
}

}  // namespace chappe::agents::imap
