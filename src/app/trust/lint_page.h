// What the owner of a domain should know of its records. Of SPF: all that the record leads to, drawn as a tree with
// what each branch costs a receiver, and what is wrong or soon will be (chappe spf lint). Of DMARC: the advice that
// chappe dmarc adds to its answer. Pure.
#pragma once

#include <string>

#include "app/cli.h"
#include "codec/json.h"
#include "trust/dmarc/evaluate.h"
#include "trust/spf/lint.h"

namespace chappe::app {

// {"domain", "state", "lookups", "limit", …}, as docs/formats/verdict.md has it.
void write_spf_lint(codec::json::Writer& out, const trust::spf::Tree& tree);
std::string spf_lint_text(const trust::spf::Tree& tree, bool french);

// A finding as a line without its end, and as an object. `domain`: whose record is looked at.
std::string finding_line(const trust::spf::LintFinding& found, std::string_view domain, bool french);
std::string finding_line(const trust::dmarc::Flawed& found, bool french);
void write_finding(codec::json::Writer& out, const trust::spf::LintFinding& found);
void write_finding(codec::json::Writer& out, const trust::dmarc::Flawed& found, std::string_view domain);

// What the record that counts lacks, and nobody but its owner need know.
void write_dmarc_lint(codec::json::Writer& out, const trust::dmarc::Verdict& verdict);
std::string dmarc_lint_text(const trust::dmarc::Verdict& verdict, bool french);

}  // namespace chappe::app
