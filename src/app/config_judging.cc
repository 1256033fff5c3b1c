// The keys of how letters are looked at on their way in: by Chappe itself, and by milters.
#include "app/config_rows.h"

namespace chappe::app {

std::string_view judged_door_name(JudgedDoor door) { return door == JudgedDoor::mx ? "mx" : "submission"; }

std::string_view without_judge_name(WithoutJudge without) {
  return without == WithoutJudge::accept ? "accept" : "defer";
}

void add_judging_keys(std::vector<KeyRow>& keys) {
  const std::vector<KeyRow> more = {
      {"mx", "judge", false, 0, 0, [](Config& c) -> Slot { return &c.mx.judge; },
       "Whether letters of other hosts are judged before they are taken: SPF, DKIM, DMARC. What was found is written "
       "above them (Authentication-Results) and into their trail.",
       "Si les lettres d'autres machines sont jugées avant d'être prises : SPF, DKIM, DMARC. Ce qui est trouvé est "
       "écrit "
       "au-dessus d'elles (Authentication-Results) et dans leur trace."},
      {"mx", "reject", false, 0, 0, [](Config& c) -> Slot { return &c.mx.reject; },
       "Whether letters are rejected that do not prove to be from their author's domain, if it wants that and more "
       "speaks "
       "against them, or that have no clear author. If not, they go into Junk.",
       "Si sont rejetées les lettres qui ne prouvent pas venir du domaine de leur auteur, quand il le veut et que plus "
       "parle contre elles, ou qui n'ont pas d'auteur clair. Sinon, elles vont dans Junk."},
      {"mx", "reputation_half_life", false, 3'600'000'000, 0,
       [](Config& c) -> Slot { return &c.mx.reputation_half_life; },
       "After how long what is remembered of a sender (chappe reputation) counts half.",
       "Au bout de combien de temps ce qu'on retient d'un expéditeur (chappe reputation) compte moitié moins."},
      {"mx", "srs", false, 0, 0, [](Config& c) -> Slot { return &c.mx.srs; },
       "Whether letters of strangers that an alias leads to another host leave with a sender of the alias's domain "
       "(SRS), so that SPF does not fail there. What comes back to such a sender is handed on, whatever stands here.",
       "Si les lettres d'inconnus qu'un alias mène à une autre machine partent avec un expéditeur du domaine de "
       "l'alias "
       "(SRS), pour que SPF n'y échoue pas. Ce qui revient à un tel expéditeur est transmis dans tous les cas."},

      {"mx", "trusted_sealers", false, 0, 0, [](Config& c) -> Slot { return &c.mx.trusted_sealers; },
       "Lists and forwarders whose word counts, by the domains with which they seal (ARC): a letter that they changed "
       "on its way is taken as they say that it came to them.",
       "Listes et services de renvoi dont la parole compte, par les domaines de leurs sceaux (ARC) : une lettre qu'ils "
       "ont changée en route est prise comme ils disent qu'elle leur est venue."},
      {"mx.dns_list", "zone", true, 0, 0, [](Config& c) -> Slot { return &c.mx.dns_lists.back().zone; },
       "Its zone. Where that holds a key of yours, give the list a name: the zone is never shown then.",
       "Sa zone. Si elle contient une clef qui vous est propre, donnez un nom à la liste : la zone n'est alors jamais "
       "montrée."},
      {"mx.dns_list", "name", false, 0, 0, [](Config& c) -> Slot { return &c.mx.dns_lists.back().name; },
       "What it is called in replies, above letters, in the log and the metrics. When it is not set: the zone.",
       "Comment elle s'appelle dans les réponses, au-dessus des lettres, dans le journal et les mesures. À défaut : la "
       "zone."},
      {"mx.dns_list", "kind", false, 0, 0, [](Config& c) -> Slot { return &c.mx.dns_lists.back().kind; },
       "block: those whom it holds send what nobody wants. allow: they do not, whatever a block list says of the same "
       "address; of a domain only if the letter proves to be from it.",
       "block : ceux qu'elle contient envoient ce dont personne ne veut. allow : ils n'en envoient pas, quoi que dise "
       "une "
       "liste de blocage de la même adresse ; d'un domaine, seulement si la lettre prouve en venir."},
      {"mx.dns_list", "codes", false, 0, 0, [](Config& c) -> Slot { return &c.mx.dns_lists.back().codes; },
       "Which of its answers count, as addresses or networks in 127.0.0.0/8. When they are not set: all but those that "
       "are errors.",
       "Lesquelles de ses réponses comptent, en adresses ou réseaux de 127.0.0.0/8. À défaut : toutes, hormis celles "
       "qui "
       "sont des erreurs."},
      {"mx.dns_list", "domains", false, 0, 0, [](Config& c) -> Slot { return &c.mx.dns_lists.back().domains; },
       "Whether it holds domains instead of addresses: it is asked about those of the author, of MAIL FROM and of "
       "HELO.",
       "Si elle contient des domaines au lieu d'adresses : on l'interroge sur ceux de l'auteur, de MAIL FROM et de "
       "HELO."},
      {"mx.dns_list", "action", false, 0, 0, [](Config& c) -> Slot { return &c.mx.dns_lists.back().action; },
       "What a block list brings upon a letter by itself. reject: it is refused, with the words of the list. junk: it "
       "goes into Junk. note: nothing; as with the others, it is evidence against a letter that fails DMARC.",
       "Ce qu'une liste de blocage attire à elle seule sur une lettre. reject : elle est refusée, avec les mots de la "
       "liste. junk : elle va dans Junk. note : rien ; comme pour les autres, c'est un indice contre une lettre qui ne "
       "satisfait pas à DMARC."},

      {"judge", "name", true, 0, 0, [](Config& c) -> Slot { return &c.judges.back().name; },
       "What it is called in the log, on trails and in metrics: letters a to z, digits and hyphens.",
       "Comment il s'appelle dans le journal, les traces et les métriques : lettres de a à z, chiffres et tirets."},
      {"judge", "address", true, 0, 0, [](Config& c) -> Slot { return &c.judges.back().address; },
       "Where it listens: inet:127.0.0.1:11332, inet:[::1]:11332, inet:localhost:11332 or unix:/run/milter.sock. No "
       "other names are looked up.",
       "Où il écoute : inet:127.0.0.1:11332, inet:[::1]:11332, inet:localhost:11332 ou unix:/run/milter.sock. Les "
       "autres noms ne sont pas cherchés."},
      {"judge", "doors", false, 0, 0, [](Config& c) -> Slot { return &c.judges.back().doors; },
       "Whose letters it hears: \"mx\", those of strangers (not of the site's own hosts), \"submission\", those that "
       "our "
       "own people hand in.",
       "De qui il entend les lettres : « mx », celles des inconnus (pas celles des machines du site), « submission », "
       "celles que les nôtres remettent."},
      {"judge", "without", false, 0, 0, [](Config& c) -> Slot { return &c.judges.back().without; },
       "What becomes of a letter when it does not answer: defer (its sender tries again later) or accept (it goes on "
       "without this judge).",
       "Ce que devient une lettre quand il ne répond pas : defer (son expéditeur réessaie plus tard) ou accept (elle "
       "continue sans ce juge)."},
      {"judge", "step", false, 1, 0, [](Config& c) -> Slot { return &c.judges.back().step; },
       "How long it may take for each answer while a letter arrives.",
       "Combien de temps il peut prendre pour chaque réponse pendant qu'une lettre arrive."},
      {"judge", "verdict", false, 1, 0, [](Config& c) -> Slot { return &c.judges.back().verdict; },
       "How long it may take for its word on the whole letter; its sender waits meanwhile. 3m at most, for all judges "
       "together.",
       "Combien de temps il peut prendre pour son avis sur la lettre entière ; l'expéditeur attend pendant ce temps. "
       "3m "
       "au plus, pour tous les juges ensemble."},
  };
  keys.insert(keys.end(), more.begin(), more.end());
}

}  // namespace chappe::app
