// Tells letters to a milter that somebody else has started, and writes down what it makes of them. Not a test by
// itself: tests/interop/milter_test.py starts it, with the milter's address, the files of the letters (separated by
// ":"), who hands them in and the file for the answers in the environment.
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "agents/milter/testing.h"
#include "codec/json.h"

namespace chappe::agents::milter::testing {
namespace {

std::string variable(const char* name, std::string otherwise = "") {
  const char* value = std::getenv(name);
  return value ? value : otherwise;
}

std::string contents(std::string_view file) {
  std::ifstream in{std::string(file), std::ios::binary};
  EXPECT_TRUE(in) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(codec::json::Writer& out, const post::Verdict& verdict, const std::string& refused) {
  const post::Heard& heard = verdict.heard.at(0);
  const post::Opinion& opinion = heard.opinion;
  out.begin_object();
  out.field("refused", refused);
  out.field("action", post::action_id(opinion.action()));
  out.field("at", post::step_id(heard.at));
  out.field("code", opinion.reply().code);
  out.field("enhanced", opinion.reply().enhanced);
  out.field("text", opinion.reply().text);
  out.field("reason", opinion.reason());
  out.field("failure", heard.failure ? heard.failure->describe() : "");
  out.field("took", heard.took.count());
  out.key("fields").begin_array();
  constexpr const char* kKinds[] = {"add", "insert", "change", "remove"};
  for (const auto& change : opinion.fields()) {
    out.begin_object();
    out.field("kind", kKinds[static_cast<std::size_t>(change.kind)]);
    out.field("place", change.place);
    out.field("name", change.name);
    out.field("value", change.value);
    out.end_object();
  }
  out.end_array();
  out.key("recipients").begin_array();
  for (const auto& change : opinion.recipients()) out.value(change.address);
  out.end_array();
  out.key("unheeded").begin_array();
  for (const auto& wish : opinion.unheeded()) out.value(post::unheeded_row(wish.why).id);
  out.end_array();
  out.end_object();
}

net::Task<post::Verdict> one_session(std::shared_ptr<Milter> milter, SampleLetter letter, std::string* refused) {
  post::Judges judges({milter}, system_clock());
  const auto until = net::Deadline::in(30s);
  (void)co_await judges.connect(letter.client, until);
  (void)co_await judges.hello({.hello = {.name = letter.hello, .extended = true}, .tls = {}}, until);
  *refused = co_await tell(&judges, letter);
  auto verdict = judges.verdict();
  co_await judges.close(until);
  co_return verdict;
}

TEST(MilterProbe, DISABLED_Tells) {
  net::Shards shards(1);
  Log log(std::make_unique<NoLog>(), {});
  Metrics metrics;
  MilterOptions options;
  options.name = "probe";
  const auto address = Address::parse(variable("CHAPPE_MILTER"));
  ASSERT_TRUE(address) << address.error().describe();
  options.address = *address;
  const auto milter = std::make_shared<Milter>(
      Milter::Parts{.shards = shards, .clock = system_clock(), .log = log, .metrics = metrics}, options);
  std::string text;
  codec::json::Writer out(text);
  out.begin_object().key("letters").begin_array();
  for (const std::string_view file : split(variable("CHAPPE_MILTER_LETTERS"), ':')) {
    SampleLetter letter;
    letter.client.ip = variable("CHAPPE_MILTER_CLIENT", "192.0.2.1");
    letter.from = variable("CHAPPE_MILTER_FROM", "alice@example.org");
    letter.to = {variable("CHAPPE_MILTER_TO", "b@example.org")};
    const std::string whole = contents(file);
    const auto end = whole.find("\r\n\r\n");
    ASSERT_NE(end, std::string::npos) << file;
    letter.header = whole.substr(0, end + 4);
    letter.body = whole.substr(end + 4);
    std::string refused;
    const auto verdict = net::run_on(shards.at(0), one_session(milter, letter, &refused));
    write(out, verdict, refused);
  }
  out.end_array();
  out.field("metrics", metrics.expose());
  out.end_object();
  std::ofstream(variable("CHAPPE_MILTER_ANSWERS")) << text;
  shards.stop();
}

}  // namespace
}  // namespace chappe::agents::milter::testing
