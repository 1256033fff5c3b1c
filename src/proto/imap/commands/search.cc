#include "base/text.h"
#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {
namespace {

using Kind = SearchKey::Kind;

// What follows a key's name.
enum class Operand : std::uint8_t { none, flag, string, field, header, date, number, interval, modseq, object, uid };

struct Row {
  ByteView name;
  Kind kind;
  Operand operand = Operand::none;
  ByteView fixed = {};  // the flag or the field that the name stands for
};

// RFC 9051 §9 search-key and RFC 3501 §9 search-key, then extensions.
constexpr Row kRows[] = {
    {"ALL", Kind::all},
    {"ANSWERED", Kind::flag, Operand::none, "\\Answered"},
    {"BCC", Kind::header, Operand::field, "Bcc"},
    {"BEFORE", Kind::before, Operand::date},
    {"BODY", Kind::body, Operand::string},
    {"CC", Kind::header, Operand::field, "Cc"},
    {"DELETED", Kind::flag, Operand::none, "\\Deleted"},
    {"DRAFT", Kind::flag, Operand::none, "\\Draft"},
    {"FLAGGED", Kind::flag, Operand::none, "\\Flagged"},
    {"FROM", Kind::header, Operand::field, "From"},
    {"HEADER", Kind::header, Operand::header},
    {"KEYWORD", Kind::flag, Operand::flag},
    {"LARGER", Kind::larger, Operand::number},
    {"NEW", Kind::fresh},
    {"OLD", Kind::old},
    {"ON", Kind::on, Operand::date},
    {"RECENT", Kind::recent},
    {"SEEN", Kind::flag, Operand::none, "\\Seen"},
    {"SENTBEFORE", Kind::sent_before, Operand::date},
    {"SENTON", Kind::sent_on, Operand::date},
    {"SENTSINCE", Kind::sent_since, Operand::date},
    {"SINCE", Kind::since, Operand::date},
    {"SMALLER", Kind::smaller, Operand::number},
    {"SUBJECT", Kind::header, Operand::field, "Subject"},
    {"TEXT", Kind::text, Operand::string},
    {"TO", Kind::header, Operand::field, "To"},
    {"UID", Kind::uid, Operand::uid},
    {"UNANSWERED", Kind::no_flag, Operand::none, "\\Answered"},
    {"UNDELETED", Kind::no_flag, Operand::none, "\\Deleted"},
    {"UNDRAFT", Kind::no_flag, Operand::none, "\\Draft"},
    {"UNFLAGGED", Kind::no_flag, Operand::none, "\\Flagged"},
    {"UNKEYWORD", Kind::no_flag, Operand::flag},
    {"UNSEEN", Kind::no_flag, Operand::none, "\\Seen"},
    {"YOUNGER", Kind::younger, Operand::interval},       // RFC 5032 §6
    {"OLDER", Kind::older, Operand::interval},           //
    {"MODSEQ", Kind::modseq, Operand::modseq},           // RFC 7162 §7
    {"EMAILID", Kind::emailid, Operand::object},         // RFC 8474 §7
    {"THREADID", Kind::threadid, Operand::object},       //
    {"SAVEDBEFORE", Kind::saved_before, Operand::date},  // RFC 8514 §6
    {"SAVEDON", Kind::saved_on, Operand::date},          //
    {"SAVEDSINCE", Kind::saved_since, Operand::date},    //
    {"SAVEDATESUPPORTED", Kind::save_supported},         //
};

class Parser {
 public:
  Parser(Cursor& c, SearchProgram& out) : c_(c), keys_(out.keys) {}

  // search-key *(SP search-key): the rest of the command, below keys[0].
  Result<> program() {
    keys_.push_back({.kind = Kind::conjunction});
    return keys(0, 0);
  }

 private:
  // search-key *(SP search-key) as children of `parent`.
  Result<> keys(std::uint32_t parent, int depth) {
    do TRY(key(parent, depth));
    while (c_.take(' '));
    return {};
  }

  // The place of a new key below `parent`.
  Result<std::uint32_t> add(std::uint32_t parent, Kind kind) {
    if (keys_.size() > c_.limits().list_items)
      return fail(Errc::too_large, "more than {} search keys", c_.limits().list_items);
    const auto place = static_cast<std::uint32_t>(keys_.size());
    keys_.push_back({.kind = kind});
    keys_[parent].children.push_back(place);
    return place;
  }

  // One search-key as a child of `parent`. Recursion ends at Limits::depth.
  Result<> key(std::uint32_t parent, int depth) {
    if (depth == c_.limits().depth) return fail(Errc::too_large, "search keys nested deeper than {}", depth);
    if (c_.take('(')) {
      const std::uint32_t place = TRY(add(parent, Kind::conjunction));
      TRY(keys(place, depth + 1));
      return c_.expect(')');
    }
    if (is_digit(c_.peek()) || c_.peek() == '*' || c_.peek() == '$') {
      SequenceSet set = TRY(c_.sequence_set());
      keys_[TRY(add(parent, Kind::sequence))].set = std::move(set);
      return {};
    }
    const ByteView name = c_.name();
    if (iequals(name, "NOT")) {
      TRY(c_.space());
      return key(TRY(add(parent, Kind::negation)), depth + 1);
    }
    if (iequals(name, "OR")) {
      const std::uint32_t place = TRY(add(parent, Kind::disjunction));
      TRY(c_.space());
      TRY(key(place, depth + 1));
      TRY(c_.space());
      return key(place, depth + 1);
    }
    for (const Row& row : kRows)
      if (iequals(name, row.name)) return leaf(parent, row);
    if (name.empty()) return c_.unexpected("a search key");
    return fail(Errc::invalid, "no such search key: {}", printable(name.substr(0, 40)));
  }

  Result<> leaf(std::uint32_t parent, const Row& row) {
    SearchKey& key = keys_[TRY(add(parent, row.kind))];
    if (row.operand != Operand::none) TRY(c_.space());
    switch (row.operand) {
      case Operand::none:
        key.text = row.fixed;
        break;
      case Operand::flag:
        key.text = TRY(c_.keyword());
        break;
      case Operand::string:
        key.text = TRY(c_.astring());
        break;
      case Operand::field:
        key.field = row.fixed;
        key.text = TRY(c_.astring());
        break;
      case Operand::header:
        key.field = TRY(c_.astring());
        TRY(c_.space());
        key.text = TRY(c_.astring());
        break;
      case Operand::date:
        key.date = TRY(c_.date());
        break;
      case Operand::number:
        key.number = TRY(c_.number64());
        break;
      case Operand::interval:
        key.number = TRY(c_.nz_number());
        break;
      case Operand::modseq:
        TRY(mod_sequence(key));
        break;
      case Operand::object:
        key.text = TRY(c_.astring());
        break;
      case Operand::uid:
        key.set = TRY(c_.sequence_set());
        break;
    }
    return {};
  }

  // RFC 7162 §7: MODSEQ [entry-name SP entry-type-req SP] mod-sequence. Chappe has one mod-sequence for all flags, so
  // that the entry narrows nothing (RFC 7162 §3.1.5 allows it).
  Result<> mod_sequence(SearchKey& key) {
    if (c_.peek() == '"') {
      TRY(c_.string());
      TRY(c_.space());
      if (!c_.take_word("priv") && !c_.take_word("shared") && !c_.take_word("all"))
        return c_.unexpected("priv, shared or all");
      TRY(c_.space());
    }
    key.number = TRY(c_.mod_sequence(true));
    return {};
  }

  Cursor& c_;
  std::vector<SearchKey>& keys_;
};

// RFC 9051 §9 search-return-opts
Result<Search::Return> returns(Cursor& c) {
  Search::Return out;
  TRY(each_in_list(c, true, [&]() -> Result<> {
    if (c.take_word("MIN"))
      out.min = true;
    else if (c.take_word("MAX"))
      out.max = true;
    else if (c.take_word("ALL"))
      out.all = true;
    else if (c.take_word("COUNT"))
      out.count = true;
    else if (c.take_word("SAVE"))
      out.save = true;
    else
      return c.unexpected("a SEARCH return option");
    return {};
  }));
  // RFC 4731 §3.1: an empty list asks for ALL.
  if (!out.min && !out.max && !out.count && !out.save) out.all = true;
  return out;
}

}  // namespace

// RFC 9051 §9 search
Result<Args> parse_search(Cursor& c, bool) {
  Search out;
  TRY(c.space());
  if (c.take_word("RETURN")) {
    TRY(c.space());
    out.returns = TRY(returns(c));
    TRY(c.space());
  }
  if (c.take_word("CHARSET")) {
    TRY(c.space());
    out.charset = to_upper(TRY(c.astring()));
    TRY(c.space());
  }
  TRY(Parser(c, out.program).program());
  return Args(std::move(out));
}

}  // namespace chappe::proto::imap
