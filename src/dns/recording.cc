#include "dns/recording.h"

#include "base/text.h"
#include "dns/master_lexer.h"

namespace chappe::dns {
namespace {

using Words = std::span<const Token>;

void append_record(std::string& out, std::string_view what, const Name& name, Type type, std::uint32_t ttl,
                   ByteView rdata) {
  out += fmt::format("{} {} {} {} {}\n", what, name.text(), ttl, type_name(type), rdata_to_text(type, rdata));
}

void append_answer(std::string& out, const Recorded& recorded) {
  const Answer& a = recorded.answer;
  out += fmt::format("question {}\n", a.question.text());
  out += fmt::format("outcome {} {} {}\n", outcome_row(a.outcome).name, security_name(a.security), a.ttl);
  for (const Record& alias : a.chain) append_record(out, "alias", alias.name, alias.type, alias.ttl, alias.rdata);
  for (const Bytes& rdata : a.records.rdata)
    append_record(out, "record", a.records.name, a.records.type, a.records.ttl, rdata);
  if (!a.why.empty()) {
    out += "why ";
    append_quoted_text(out, a.why);
    out += '\n';
  }
  out += fmt::format("took {}\n\n", recorded.took.count());
}

Result<Question> question_of(Words words) {
  if (words.size() != 2) return fail(Errc::invalid, "question takes a name and a type");
  const auto type = parse_type(words[1].text);
  if (!type) return fail(Errc::invalid, "no such type: {}", printable(words[1].text));
  return Question{TRY(Name::parse(words[0].text)), *type};
}

Result<void> read_outcome(Words words, Answer& answer) {
  const auto outcome = words.size() == 3 ? parse_outcome(words[0].text) : std::nullopt;
  const auto security = words.size() == 3 ? parse_security(words[1].text) : std::nullopt;
  const auto ttl = words.size() == 3 ? to_number<std::uint32_t>(words[2].text) : std::nullopt;
  if (!outcome || !security || !ttl)
    return fail(Errc::invalid,
                "outcome takes one of answer, nodata, nxdomain, servfail, timeout and bogus, one of "
                "secure, insecure and indeterminate, and a TTL");
  answer.outcome = *outcome;
  answer.security = *security;
  answer.ttl = *ttl;
  return {};
}

Result<Record> record_of(Words words) {
  const auto ttl = words.size() > 2 ? to_number<std::uint32_t>(words[1].text) : std::nullopt;
  const auto type = words.size() > 2 ? parse_type(words[2].text) : std::nullopt;
  if (!ttl || !type) return fail(Errc::invalid, "a record is NAME TTL TYPE and what it holds");
  return Record{TRY(Name::parse(words[0].text)), *type, *ttl, TRY(rdata_from_text(*type, words.subspan(3)))};
}

Result<void> read_line(Words words, Recorded& out) {
  const std::string& what = words.front().text;
  words = words.subspan(1);
  Answer& answer = out.answer;
  if (what == "outcome") return read_outcome(words, answer);
  if (what == "alias") {
    Record alias = TRY(record_of(words));
    if (alias.type != Type::cname || alias.name != answer.canonical || !answer.records.empty())
      return fail(Errc::invalid, "an alias is the CNAME of {}, before the records", printable(answer.canonical.text()));
    answer.canonical = Cname::of(alias.rdata).target;
    answer.chain.push_back(std::move(alias));
    return {};
  }
  if (what == "record") {
    Record record = TRY(record_of(words));
    if (record.type != answer.question.type || record.name != answer.canonical)
      return fail(Errc::invalid, "this record is not what was asked for at {}", printable(answer.canonical.text()));
    if (answer.records.empty()) answer.records = {record.name, record.type, record.ttl, {}};
    answer.records.rdata.push_back(std::move(record.rdata));
    return {};
  }
  if (what == "why" && words.size() == 1) {
    answer.why = TRY(unescape(words[0].text));
    return {};
  }
  if (what == "took" && words.size() == 1) {
    const auto us = to_number<std::uint32_t>(words[0].text);
    if (!us) return fail(Errc::invalid, "took takes microseconds");
    out.took = Duration(*us);
    return {};
  }
  return fail(Errc::invalid, "{} is not known; lines begin with question, outcome, alias, record, why or took",
              printable(what));
}

Result<void> whole(const Recorded& recorded) {
  const Answer& a = recorded.answer;
  if ((a.outcome == Outcome::answer) == a.records.empty())
    return fail(Errc::invalid, "outcome and records of {} do not fit", printable(a.question.text()));
  return {};
}

}  // namespace

void Recording::add(Recorded recorded) { answers_.insert_or_assign(recorded.answer.question, std::move(recorded)); }

const Recorded* Recording::find(const Question& question) const {
  const auto at = answers_.find(question);
  return at == answers_.end() ? nullptr : &at->second;
}

std::string Recording::text() const {
  std::string out;
  for (const auto& [question, recorded] : answers_) append_answer(out, recorded);
  return out;
}

Result<Recording> Recording::parse(std::string_view text, std::string_view file) {
  Recording out;
  std::optional<Recorded> at;
  MasterLexer lexer(text);
  const auto refuse = [&](std::size_t line, const Error& error) {
    return fail(Errc::invalid, "{}:{}: {}", printable(file), line, error.text());
  };
  const auto end = [&]() -> Result<void> {
    if (!at) return {};
    TRY(whole(*at));
    out.add(std::move(*at));
    at.reset();
    return {};
  };
  for (;;) {
    const auto next = lexer.next();
    if (!next) return refuse(lexer.line(), next.error());
    if (!*next) break;
    const Words words = (*next)->words;
    Result<void> done;
    if (words.front().text == "question") {
      done = end();
      auto question = question_of(words.subspan(1));
      if (done && question) {
        at = Recorded{without_records(std::move(*question), Outcome::servfail), {}};
      } else if (done) {
        done = std::unexpected(question.error());
      }
    } else if (at) {
      done = read_line(words, *at);
    } else {
      done = fail(Errc::invalid, "the first line is \"question NAME TYPE\"");
    }
    if (!done) return refuse((*next)->line, done.error());
  }
  const auto last = end();
  if (!last) return refuse(lexer.line(), last.error());
  return out;
}

net::Task<Answer> RecordingResolver::ask(Question question, net::Deadline deadline) {
  const Clock& clock = net::Executor::current()->clock();
  const Steady began = clock.steady();
  Answer answer = co_await below_.ask(std::move(question), deadline);
  const std::lock_guard lock(mutex_);
  recording_.add({answer, clock.steady() - began});
  co_return answer;
}

Recording RecordingResolver::recording() const {
  const std::lock_guard lock(mutex_);
  return recording_;
}

net::Task<Answer> ReplayResolver::ask(Question question, net::Deadline deadline) {
  const Recorded* recorded = recording_.find(question);
  if (!recorded) {
    std::string why = "the recording does not have " + question.text();
    co_return without_records(std::move(question), Outcome::servfail, std::move(why));
  }
  if (recorded->answer.outcome == Outcome::timeout && delays_) {
    (void)co_await net::sleep(deadline);
  } else if (delays_) {
    const net::Deadline ready = deadline.at_most(recorded->took);
    const bool late = ready.when >= deadline.when;
    if (!co_await net::sleep(ready) || late)
      co_return without_records(std::move(question), Outcome::timeout, "it took longer when it was recorded");
  }
  co_return recorded->answer;
}

}  // namespace chappe::dns
