#include "app/cli.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>

#include "app/config.h"
#include "base/text.h"

namespace chappe::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Result<Parsed> parse(std::vector<std::string> words, std::string_view locale = "C") {
  return parse_command_line(words, locale);
}

std::string complaint(std::vector<std::string> words, std::string_view locale = "C") {
  const auto parsed = parse(std::move(words), locale);
  if (parsed) return "";
  EXPECT_EQ(parsed.error().code(), Errc::usage);
  return parsed.error().text();
}

TEST(Cli, OptionsComeInBothFormsAndRepeat) {
  const auto parsed = parse({"local", "--port-base", "2000", "--domain=a.test", "--domain", "b.test", "--no-limits",
                             "--account=x:--y=z", "--json"});
  ASSERT_TRUE(parsed) << parsed.error().text();
  const Invocation& i = parsed->invocation;
  EXPECT_EQ(i.verb().name, "local");
  EXPECT_EQ(i.value("port-base"), "2000");
  EXPECT_THAT(i.values("domain"), ElementsAre("a.test", "b.test"));
  EXPECT_EQ(i.value("account"), "x:--y=z");
  EXPECT_TRUE(i.has("no-limits"));
  EXPECT_FALSE(i.has("zone"));
  EXPECT_TRUE(i.json());
}

TEST(Cli, StandardValuesComeFromTheTable) {
  const auto parsed = parse({"local"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->invocation.value("port-base"), "1000");
  EXPECT_EQ(parsed->invocation.value("zone"), std::nullopt);
  EXPECT_FALSE(parsed->invocation.has("port-base"));
  EXPECT_EQ(parse({"serve"})->invocation.value("config"), std::string(kStandardConfig));
}

TEST(Cli, AVerbMayBeginLikeAnother) {
  const auto lint = parse({"spf", "lint", "example.org"});
  ASSERT_TRUE(lint) << lint.error().text();
  EXPECT_EQ(lint->invocation.verb().name, "spf lint");
  EXPECT_THAT(lint->invocation.arguments(), ElementsAre("example.org"));
  const auto plain = parse({"spf", "192.0.2.1", "lint"});
  ASSERT_TRUE(plain) << plain.error().text();
  EXPECT_EQ(plain->invocation.verb().name, "spf");
  EXPECT_THAT(plain->invocation.arguments(), ElementsAre("192.0.2.1", "lint"));
  EXPECT_EQ(parse({"help", "spf", "lint"})->help_prefix, "spf lint");
  EXPECT_EQ(complaint({"spf", "lint"}), "DOMAIN is missing");
}

TEST(Cli, ArgumentsAreCounted) {
  EXPECT_EQ(parse({"domain", "add", "example.org"})->invocation.argument(0), "example.org");
  EXPECT_THAT(parse({"alias", "add", "a@b", "c@d", "e@f"})->invocation.arguments(), ElementsAre("a@b", "c@d", "e@f"));
  EXPECT_THAT(parse({"message", "--", "--odd-name"})->invocation.arguments(), ElementsAre("--odd-name"));
  EXPECT_THAT(parse({"message", "-"})->invocation.arguments(), ElementsAre("-"));
  EXPECT_EQ(complaint({"domain", "add"}), "DOMAIN is missing");
  EXPECT_EQ(complaint({"alias", "add", "a@b"}), "TARGET is missing");
  EXPECT_EQ(complaint({"domain", "add", "a", "b"}), "'b' is one word too many");
  EXPECT_EQ(complaint({"completion", "bsh"}), "SHELL cannot be 'bsh', only bash");
  EXPECT_EQ(complaint({"key", "set", "example.org", "s", "foo"}),
            "STATE cannot be 'foo', only published, signing, retiring or revoked");
  EXPECT_EQ(complaint({"key", "set", "example.org", "s", "{}"}, "fr"),
            "STATE ne peut pas valoir « {} », seulement published, signing, retiring ou revoked");
}

TEST(Cli, SaysWhatWasProbablyMeant) {
  EXPECT_EQ(complaint({"srve"}), "unknown verb 'srve', did you mean 'serve'?");
  EXPECT_EQ(complaint({"domain", "ad"}), "unknown verb 'domain ad', did you mean 'add'?");
  EXPECT_EQ(complaint({"serve", "--confg", "x"}), "unknown option '--confg', did you mean '--config'?");
  EXPECT_EQ(complaint({"banana"}), "unknown verb 'banana'");
  EXPECT_EQ(complaint({"queue"}), "'queue' needs a further word: list, show, retry, hold, release, drop");
  EXPECT_EQ(complaint({"serve", "-c", "x"}), "unknown option '-c': options are written --name");
  EXPECT_EQ(complaint({"\x1b[2J"}), "unknown verb '\\x1b[2J'");
  EXPECT_EQ(complaint({"srve"}, "fr_FR.UTF-8"), "verbe inconnu « srve », vouliez-vous dire « serve » ?");
  EXPECT_EQ(complaint({"srve", "--lang", "fr"}), "verbe inconnu « srve », vouliez-vous dire « serve » ?");
}

TEST(Cli, OptionsAreCheckedAgainstTheTable) {
  EXPECT_EQ(complaint({"serve", "--config"}), "'--config' needs a value");
  EXPECT_EQ(complaint({"local", "--no-limits=1"}), "'--no-limits' takes no value");
  EXPECT_EQ(complaint({"serve", "--config", "a", "--config", "b"}), "'--config' is given twice");
  EXPECT_EQ(complaint({"serve", "--lang", "de"}), "'--lang' cannot be 'de', only en or fr");
  EXPECT_EQ(complaint({"key", "new", "example.org", "--algorithm", "foo"}),
            "'--algorithm' cannot be 'foo', only both, rsa or ed25519");
  EXPECT_EQ(complaint({"key", "import", "--state", "foo"}, "fr"),
            "« --state » ne peut pas valoir « foo », seulement next, published, signing ou retiring");
  EXPECT_EQ(complaint({"serve", "--zone", "x"}), "unknown option '--zone'");
  EXPECT_EQ(complaint({"--json"}), "a verb is missing");
}

TEST(Cli, HelpAndVersionNeedNothingElse) {
  EXPECT_EQ(parse({})->want, Parsed::Want::help);
  EXPECT_EQ(parse({"--version"})->want, Parsed::Want::version);
  EXPECT_EQ(parse({"domain", "add", "--help"})->help_prefix, "domain add");
  EXPECT_EQ(parse({"help", "domain", "add"})->help_prefix, "domain add");
  EXPECT_EQ(parse({"domain", "--help"})->help_prefix, "domain");
  EXPECT_EQ(parse({"-h"})->help_prefix, "");
}

TEST(Cli, TheLanguageComesFromTheOptionThenTheLocale) {
  EXPECT_TRUE(parse({"run"}, "fr_BE.UTF-8")->invocation.french());
  EXPECT_FALSE(parse({"run", "--lang=en"}, "fr_BE.UTF-8")->invocation.french());
  EXPECT_TRUE(parse({"run", "--lang", "fr"}, "C")->invocation.french());
}

TEST(Cli, EverythingIsExplainedInBothLanguages) {
  for (const auto& verb : verbs()) {
    EXPECT_FALSE(verb.brief.en.empty() || verb.brief.fr.empty()) << verb.name;
    EXPECT_NE(verb.brief.en, verb.brief.fr) << verb.name;
    EXPECT_EQ(verb.manual.en.empty(), verb.manual.fr.empty()) << verb.name;
    for (const auto& option : verb.options)
      EXPECT_FALSE(option.doc.en.empty() || option.doc.fr.empty()) << verb.name << " --" << option.name;
    for (const auto& example : verb.examples) EXPECT_EQ(example.doc.en.empty(), example.doc.fr.empty()) << verb.name;
  }
}

TEST(Cli, EveryExampleIsACommandLineThatParses) {
  for (const auto& verb : verbs()) {
    for (const auto& example : verb.examples) {
      std::string_view line = example.line.substr(0, example.line.find_first_of("|>"));
      if (!line.starts_with("chappe ")) continue;  // "make run"
      std::vector<std::string> words;
      for (const auto word : split(trim(line.substr(7)), ' ')) words.emplace_back(word);
      const auto parsed = parse(words);
      ASSERT_TRUE(parsed) << line << ": " << parsed.error().text();
      EXPECT_EQ(parsed->invocation.verb().name, verb.name);
    }
  }
}

TEST(Cli, HelpNamesEveryVerbAndOptionAndFitsTheTerminal) {
  for (bool french : {false, true}) {
    const std::string all = help_text("", french);
    for (const auto& verb : verbs()) {
      EXPECT_THAT(all, HasSubstr("  " + std::string(verb.name) + " "));
      const std::string one = help_text(verb.name, french);
      for (const auto& option : verb.options) EXPECT_THAT(one, HasSubstr("--" + std::string(option.name)));
    }
    for (const auto line : split(all, '\n')) {
      const auto columns =
          std::ranges::count_if(line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
      EXPECT_LE(columns, 80) << line;
    }
  }
  EXPECT_THAT(help_text("domain", false), testing::Not(HasSubstr("queue list")));
}

TEST(Cli, TheManualHoldsVerbsKeysExitCodesAndEvents) {
  const std::string page = manual_page(false);
  for (const auto& verb : verbs()) EXPECT_THAT(page, HasSubstr(".SS \"chappe " + std::string(verb.name))) << verb.name;
  for (const auto& key : config_keys()) EXPECT_THAT(page, HasSubstr("\\fB" + std::string(key.name) + "\\fR"));
  EXPECT_THAT(page, HasSubstr("\\fB78\\fR\nconfig\n"));
  EXPECT_THAT(page, HasSubstr("log.dropped (warning)"));
  EXPECT_THAT(manual_page(true), HasSubstr("CODES DE SORTIE"));
  for (const auto line : split(page, '\n'))
    if (line.starts_with('.') || line.starts_with('\''))
      EXPECT_THAT(std::string(line), testing::MatchesRegex("\\.(TH|SH|SS|PP|TP|nf|fi|RS|RE)( .*)?"));
}

// What bash offers for the last of `words`.
std::string completed(std::string_view words, std::size_t count) {
  const std::string script = bash_completion() + "COMP_WORDS=(" + std::string(words) +
                             "); COMP_CWORD=" + std::to_string(count - 1) + "; _chappe; echo \"${COMPREPLY[*]}\"\n";
  const std::string path = testing::TempDir() + fmt::format("chappe-completion-{}.sh", ::getpid());
  std::ofstream(path) << script;
  std::unique_ptr<FILE, int (*)(FILE*)> bash(popen(("bash " + path + " 2>&1").c_str(), "r"), pclose);
  std::string out;
  for (int c = 0; bash && (c = std::fgetc(bash.get())) != EOF;) out += static_cast<char>(c);
  std::remove(path.c_str());
  return std::string(trim(out));
}

TEST(Cli, BashCompletes) {
  EXPECT_EQ(completed("chappe se", 2), "seal search serve");
  EXPECT_EQ(completed("chappe domain ''", 3), "add list remove show");
  EXPECT_EQ(completed("chappe --json queue d", 4), "drop");
  EXPECT_EQ(completed("chappe store ''", 3), "backup export hold import reindex repair restore undelete verify");
  EXPECT_EQ(completed("chappe store hold ''", 4), "add list remove");
  EXPECT_EQ(completed("chappe store hold add --re", 5), "--reason");
  EXPECT_EQ(completed("chappe store undelete --m", 4), "--mailbox");
  EXPECT_EQ(completed("chappe local --po", 3), "--port-base");
  EXPECT_EQ(completed("chappe domain add --da", 4), "--data");
  EXPECT_EQ(completed("chappe serve --lang ''", 4), "en fr");
  EXPECT_EQ(completed("chappe completion ''", 3), "bash");
  EXPECT_EQ(completed("chappe spf lint --a", 4), "--anchor");
  EXPECT_EQ(completed("chappe check --config CMakeL", 4), "CMakeLists.txt");
}

int nothing(const Invocation&) { return 7; }

TEST(Cli, FindsVerbsWithoutActionAndActionsWithoutVerb) {
  std::vector<Binding> all;
  for (const auto& verb : verbs()) all.push_back({verb.name, nothing});
  EXPECT_THAT(misbound(all), IsEmpty());
  all.erase(all.begin());
  all.push_back({"fly", nothing});
  EXPECT_THAT(misbound(all), ElementsAre("serve", "fly"));
}

TEST(Cli, RunsTheActionAndGivesItsExitCode) {
  constexpr Binding kBindings[] = {{"serve", nothing}};
  const char* serve[] = {"chappe", "serve"};
  EXPECT_EQ(run_command_line(2, serve, kBindings), 7);
  const char* wrong[] = {"chappe", "sevre"};
  EXPECT_EQ(run_command_line(2, wrong, kBindings), 64);
}

TEST(Cli, TheVersionIsThatOfTheProject) {
  std::ifstream in("CMakeLists.txt");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  EXPECT_THAT(text, HasSubstr("project(chappe VERSION " + std::string(kVersion)));
}

}  // namespace
}  // namespace chappe::app
