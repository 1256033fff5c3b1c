#include "post/care/faults.h"

#include <fmt/format.h>

#include <utility>

namespace chappe::post {
namespace {

constexpr FaultRow kFaults[] = {
    {Fault::unreadable, "unreadable", "A part of the store cannot be read", "Une partie du magasin est illisible"},
    {Fault::file_damaged, "file-damaged", "A file of the store is damaged", "Un fichier du magasin est abîmé"},
    {Fault::bad_row, "bad-row", "A row does not read back", "Une entrée ne peut être relue"},
    {Fault::name_lost, "name-lost", "A mailbox is not found by its name", "Une boîte est introuvable par son nom"},
    {Fault::name_astray, "name-astray", "A name leads to no mailbox", "Un nom ne mène à aucune boîte"},
    {Fault::record_missing, "record-missing", "A message has flags and no record",
     "Un message a des drapeaux mais pas d'entrée"},
    {Fault::flags_missing, "flags-missing", "A message has a record and no flags",
     "Un message a une entrée mais pas de drapeaux"},
    {Fault::uid_too_high, "uid-too-high", "A message has a UID that is still to be given",
     "Un message porte un UID qui n'est pas encore attribué"},
    {Fault::modseq_too_high, "modseq-too-high", "A change is newer than the last change of its account",
     "Un changement est plus récent que le dernier de son compte"},
    {Fault::mailbox_counts, "mailbox-counts", "A mailbox counts wrongly", "Une boîte compte mal"},
    {Fault::account_counts, "account-counts", "An account counts wrongly", "Un compte fait un mauvais total"},
    {Fault::messages_astray, "messages-astray", "Messages are in a mailbox that is not there",
     "Des messages sont dans une boîte qui n'existe pas"},
    {Fault::body_missing, "body-missing", "A row names a letter that is not there",
     "Une entrée désigne une lettre qui n'existe pas"},
    {Fault::body_size, "body-size", "A row gives a letter another size",
     "Une entrée donne une autre taille à la lettre"},
    {Fault::body_references, "body-references", "A letter counts wrongly who names it",
     "Une lettre compte mal ceux qui la désignent"},
    {Fault::body_orphan, "body-orphan", "A letter is named by nobody", "Personne ne désigne une lettre"},
    {Fault::octets_missing, "octets-missing", "A part of a letter is not there", "Une partie d'une lettre manque"},
    {Fault::octets_damaged, "octets-damaged", "A part of a letter is damaged", "Une partie d'une lettre est abîmée"},
    {Fault::octets_astray, "octets-astray", "Octets that belong to no letter",
     "Des octets n'appartiennent à aucune lettre"},
    {Fault::summary_astray, "summary-astray", "A summary of a letter that is not there",
     "Un résumé d'une lettre qui n'existe pas"},
    {Fault::summary_wrong, "summary-wrong", "A summary tells something else than its letter",
     "Un résumé dit autre chose que sa lettre"},
    {Fault::segment_counts, "segment-counts", "A segment counts wrongly what letters have in it",
     "Un segment compte mal ce que des lettres y ont"},
    {Fault::due_astray, "due-astray", "A time in the queue has no recipient",
     "Une heure de la file n'a pas de destinataire"},
    {Fault::due_missing, "due-missing", "A recipient in the queue is never due",
     "Un destinataire de la file n'a pas d'échéance"},
    {Fault::index_wrong, "index-wrong", "The search index of an account is wrong",
     "L'index de recherche d'un compte est faux"},
};

}  // namespace

const FaultRow& fault_row(Fault fault) {
  for (const FaultRow& row : kFaults)
    if (row.fault == fault) return row;
  std::unreachable();
}

std::string key_text(ByteView key) {
  std::string out;
  for (const char c : key) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::span<const FaultRow> fault_rows() { return kFaults; }

bool wants_rebuild(Fault fault) { return fault == Fault::unreadable || fault == Fault::file_damaged; }

}  // namespace chappe::post
