#include "dns/zone_file.h"

#include "base/text.h"
#include "dns/include_folder.h"
#include "dns/master_lexer.h"

namespace chappe::dns {
namespace {

// What holds from line to line. An included file begins with its parent's, and leaves it untouched.
struct State {
  Name origin;
  std::optional<Name> owner;
  std::optional<std::uint32_t> standard_ttl;  // of $TTL
  std::optional<std::uint32_t> last_ttl;
};

// Everything that goes wrong in an entry, with the place in front.
std::unexpected<Error> at_line(std::string_view file, std::size_t line, const Error& error) {
  return fail(error.code(), "{}:{}: {}", printable(file), line, error.text());
}

class Parser {
 public:
  Parser(const ZoneFileOptions& options, const IncludeFolder* folder) : options_(options), folder_(folder) {}

  Result<void> parse(std::string_view text, const std::string& file, State state, int depth);
  ZoneText take() && { return std::move(out_); }

 private:
  using Words = std::span<const Token>;

  Result<void> entry(const MasterLexer::Entry& entry, const std::string& file, State& state, int depth);
  Result<void> directive(Words words, std::size_t line, const std::string& file, State& state, int depth);
  Result<void> include(Words words, const State& state, int depth);
  Result<void> record(Words words, bool indented, State& state);

  const ZoneFileOptions& options_;
  const IncludeFolder* folder_;
  std::size_t octets_ = 0;
  ZoneText out_;
};

Result<void> Parser::parse(std::string_view text, const std::string& file, State state, int depth) {
  octets_ += text.size();
  if (octets_ > options_.max_octets)
    return fail(Errc::too_large, "{}: the zone's files are larger than {} octets together; split the zone",
                printable(file), options_.max_octets);
  MasterLexer lexer(text);
  for (;;) {
    const auto next = lexer.next();
    if (!next) return at_line(file, lexer.line(), next.error());
    if (!*next) return {};
    TRY(entry(**next, file, state, depth));
  }
}

Result<void> Parser::entry(const MasterLexer::Entry& entry, const std::string& file, State& state, int depth) {
  const Words words = entry.words;
  if (!words.front().quoted && words.front().text.starts_with('$') && !entry.indented)
    return directive(words, entry.line, file, state, depth);
  const auto done = record(words, entry.indented, state);
  return done ? done : at_line(file, entry.line, done.error());
}

Result<void> Parser::directive(Words words, std::size_t line, const std::string& file, State& state, int depth) {
  const std::string& name = words.front().text;
  const auto refuse = [&](std::string_view what) {
    return at_line(file, line, Error(Errc::invalid, std::string(what)));
  };
  if (iequals(name, "$ORIGIN")) {
    if (words.size() != 2) return refuse("$ORIGIN takes one name");
    auto origin = Name::parse(words[1].text, state.origin);
    if (!origin) return at_line(file, line, origin.error());
    state.origin = std::move(*origin);
    return {};
  }
  if (iequals(name, "$TTL")) {
    const auto ttl = words.size() == 2 ? parse_period(words[1].text) : std::nullopt;
    if (!ttl) return refuse("$TTL takes a time, as 3600 or 1h");
    state.standard_ttl = ttl;
    return {};
  }
  if (iequals(name, "$INCLUDE")) {
    // The error of a line in the included file names that file already.
    auto done = include(words, state, depth);
    if (!done && done.error().code() == Errc::usage) return refuse(done.error().text());
    return done;
  }
  if (!options_.directives)
    return refuse(fmt::format("{} is not known; $ORIGIN, $TTL and $INCLUDE are", printable(name)));
  Directive& made = out_.directives.emplace_back();
  made.where = fmt::format("{}:{}", printable(file), line);
  made.name = to_upper(name);
  for (const Token& word : words.subspan(1)) made.words.push_back(word.text);
  made.origin = state.origin;
  return {};
}

// Errc::usage is for what is wrong with the line itself.
Result<void> Parser::include(Words words, const State& state, int depth) {
  if (words.size() < 2 || words.size() > 3) return fail(Errc::usage, "$INCLUDE takes a file, and a name as its origin");
  if (!folder_) return fail(Errc::usage, "$INCLUDE is for zone files only; put the records here");
  if (depth >= options_.max_depth)
    return fail(Errc::usage, "$INCLUDE is nested deeper than {}; does a file include itself?", options_.max_depth);
  const auto path = unescape(words[1].text);
  if (!path) return fail(Errc::usage, "{}", path.error().text());
  auto text = folder_->read(*path, options_.max_octets - octets_);
  if (!text) return fail(Errc::usage, "cannot include {}: {}", printable(*path), text.error().text());
  State inner = state;
  if (words.size() == 3) {
    auto origin = Name::parse(words[2].text, state.origin);
    if (!origin) return fail(Errc::usage, "{}", origin.error().text());
    inner.origin = std::move(*origin);
  }
  return parse(*text, *path, std::move(inner), depth + 1);
}

Result<void> Parser::record(Words words, bool indented, State& state) {
  if (!indented) {
    state.owner = TRY(Name::parse(words.front().text, state.origin));
    words = words.subspan(1);
  }
  if (!state.owner) return fail(Errc::invalid, "a record without a name; begin the line with one");
  // RFC 1035 §5.1: TTL and class in either order, both optional.
  std::optional<std::uint32_t> ttl;
  bool classed = false;
  for (; !words.empty(); words = words.subspan(1)) {
    const std::string& word = words.front().text;
    if (!classed && (iequals(word, "IN") || iequals(word, "CLASS1"))) {
      classed = true;
    } else if (iequals(word, "CH") || iequals(word, "HS") || istarts_with(word, "CLASS")) {
      return fail(Errc::unsupported, "the class {}; only IN is served", printable(word));
    } else if (!ttl && !word.empty() && is_digit(word.front())) {
      ttl = parse_period(word);
      if (!ttl) return fail(Errc::invalid, "{} is no TTL; write seconds up to 2147483647, or 1h", printable(word));
    } else {
      break;
    }
  }
  if (words.empty()) return fail(Errc::invalid, "a record without a type; write NAME TTL TYPE and what it holds");
  const auto type = parse_type(words.front().text);
  if (!type || *type == Type::any || *type == Type::axfr || *type == Type::ixfr || *type == Type::opt)
    return fail(Errc::invalid, "{} is no type of record; write TYPE and a number for one that is not known here",
                printable(words.front().text));
  auto rdata = rdata_from_text(*type, words.subspan(1), state.origin);
  if (!rdata) return std::unexpected(std::move(rdata.error()).within(type_name(*type)));
  if (ttl) state.last_ttl = ttl;
  // RFC 2308 §4: $TTL comes before what the last record had, which is RFC 1035's rule.
  if (!ttl) ttl = state.standard_ttl;
  if (!ttl) ttl = state.last_ttl;
  if (!ttl) ttl = options_.default_ttl;
  if (!ttl) return fail(Errc::invalid, "no TTL is known; put a line \"$TTL 1h\" in front");
  out_.records.push_back({*state.owner, *type, *ttl, std::move(*rdata)});
  return {};
}

Result<ZoneText> parse_all(std::string_view text, const ZoneFileOptions& options, const std::string& file,
                           const IncludeFolder* folder) {
  Parser parser(options, folder);
  TRY(parser.parse(text, file, {options.origin, std::nullopt, std::nullopt, std::nullopt}, 0));
  return std::move(parser).take();
}

}  // namespace

Result<ZoneText> parse_zone_text(std::string_view text, const ZoneFileOptions& options, std::string_view file) {
  return parse_all(text, options, std::string(file), nullptr);
}

Result<ZoneText> read_zone_file(const std::string& path, const ZoneFileOptions& options) {
  const auto slash = path.rfind('/');
  const auto folder = TRY(IncludeFolder::open(slash == path.npos ? "." : path.substr(0, slash + 1)));
  const Bytes text = TRY(read_whole_file(path, options.max_octets));
  return parse_all(text, options, path, &folder);
}

}  // namespace chappe::dns
