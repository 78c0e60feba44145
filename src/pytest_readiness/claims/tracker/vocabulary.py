"""Usual words for the columns and statuses of trackers, in several languages.

A word is listed only if a person would read it so. A word that may mean several statuses is not listed, or listed under
the worst one. Test results are no go-live statuses, so that a pass means IN_PROGRESS.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import category

from .markdown_parser import fold_text
from .status_words import READY, SKIP, STATUSES

NOT_STARTED, IN_PROGRESS, BLOCKED, _ = STATUSES

HEADERS = {
    "uc": (
        """
        uc | uc id | uc no | use case id | id | req id | requirement id | req | req. | requirement no | key
        ref | ref. | reference | ticket | issue key | issue id | flow id | feature id | check id | item id | 编号 | 序号
        编码
        用例编号 | 番号 | 項番 | 번호 | kennung | nr | nr. | no | no. | number | # | № | номер | num | núm
        numéro
        número | numero | nummer | lp
        """,
        """
        use case | use cases | requirement | requirements | feature | flow | user flow | user story | story
        capability | check | item | task | team | area | component | service | control | category | criterion
        criteria | issue | topic | step | checklist item | name | title | description | anforderung
        anwendungsfall | funktion | aufgabe | thema | punkt | exigence | cas d'utilisation | fonctionnalité
        tâche | élément | requisito | caso de uso | tarea | elemento | tarefa | caso d'uso | funzione
        attività
        eis | taak | требование | задача | функция | 用例 | 项目 | 項目 | 需求 | 功能 | 検査項目 | 要件
        機能 | タスク | 항목 | 요구사항
        기능
        """,
    ),
    "status": (
        """
        prod readiness status | production readiness status | prod readiness | production readiness
        readiness status | readiness | go-live status | go live status | go-live | go live | launch status
        launch readiness | release status | ready for go-live | 就绪状态 | 上线状态 | リリース状況
        출시 상태 | freigabe
        freigabestatus
        """,
        """
        ready | ready? | sign-off | sign off | signoff | signed off | approval | approved | approved?
        """,
        """
        board | status | state | stand | zustand | statut | état | estado | situação | stato | stan | stav
        durum | статус | состояние | 状态 | 狀態 | ステータス | 状態 | 状況 | 상태
        """,
        """
        done | done? | complete | completed | complete? | progress | erledigt | fertig | terminé | hecho
        feito
        fatto | готово | 完成 | 完了 | 완료
        """,
        """
        result | results | test result | test status | ergebnis | résultat | resultado | risultato | результат
        结果 | 結果 | 결과
        """,
    ),
    "title": (
        """
        title | name | use case | requirement | feature | issue | description | summary | item | check | task
        titel | anforderung | anwendungsfall | funktion | aufgabe | thema
        exigence | fonctionnalité | tâche | requisito | tarea | tarefa | funzione | attività | требование
        задача
        需求 | 功能 | 要件 | 機能 | タスク | 요구사항 | 기능 | beschreibung | titre | description | título
        titolo | название | описание | 名称 | 项目
        描述 | 標題
        项目名称 | 項目 | タイトル | 説明 | 제목 | 설명 | 항목
        """,
    ),
    "owner": (
        """
        owner | owners | owned by | responsible | assignee | assigned to | who | dri | lead | contact
        verantwortlich | zuständig | responsable | propriétaire | responsável | responsabile | ответственный
        负责人 | 負責人 | 担当 | 担当者 | 담당자 | 담당
        """,
    ),
    "last_updated": (
        """
        last updated | last update | updated | updated at | updated on | last changed | last change
        last modified | aktualisiert | zuletzt geändert | mis à jour | mise à jour | actualizado | atualizado
        aggiornato | обновлено | 更新日期 | 更新时间 | 更新日 | 最終更新 | 최종 수정일
        """,
    ),
    "notes": (
        """
        notes | note | comment | comments | remarks | remark | bemerkung | bemerkungen | anmerkungen
        kommentar
        remarques | commentaire | commentaires | notas | comentarios | observações | note | заметки
        комментарий | примечание | 备注 | 備註 | 備考 | 비고
        """,
    ),
    "architecture_status": (
        """
        architecture status | architecture | architekturstatus | 架构状态
        """,
    ),
}
"""The headers of each column, by key, in groups from the clearest to the vaguest; bars separate the headers."""

_WORDS = {
    READY: """
    ready | ready for go-live | ready for go live | ready for prod | ready for production | ready to launch
    ready to go live | go | go-live approved | approved | approved for go-live | approved for production
    signed off | sign-off complete | live | in prod | in production | released | launched | shipped | done
    complete | completed | yes | true | fertig | bereit | freigegeben | erledigt | abgeschlossen | ja | prêt
    terminé
    approuvé | validé | fait | oui | listo | aprobado | completado | terminado | hecho | sí | pronto
    aprovado
    concluído | feito | sim | approvato | completato | fatto | klaar | goedgekeurd | gotowe | готово
    одобрено
    завершено | выполнено | да | 就绪 | 已就绪 | 已完成 | 完成 | 已批准 | 通过审批 | 已上线 | 是 | 準備完了
    完了 | 承認済み | リリース済み | 준비됨
    준비 완료 | 완료 | 승인됨 | 출시됨
    """,
    IN_PROGRESS: """
    in progress | in-progress | in_progress | inprogress | wip | work in progress | started | ongoing
    on-going
    doing | active | under way | underway | partial | partially done | partially complete | partly | mostly done
    nearly done | almost done | almost ready | in review | under review | review | reviewing | awaiting review
    awaiting approval | pending review | pending approval | pending sign-off | needs review | needs work
    in development | development | implementing | implemented | in test | in testing | testing | tested
    in qa
    qa | staging | in staging | verified | merged | code complete | on track | pass | passed | passing
    in arbeit | begonnen | teilweise | in prüfung | en cours | commencé | partiel | en revue | en progreso
    en curso | parcial | en revisión | em andamento | em progresso | em revisão | in corso | parziale
    in revisione | bezig | w toku | в работе | в процессе | на проверке | частично | 进行中 | 部分完成
    审核中 | 测试中
    評審中 | 進行中 | 対応中 | レビュー中 | 一部完了 | 진행 중 | 진행중 | 검토 중 | 부분 완료
    """,
    NOT_STARTED: """
    not started | not-started | not_started | notstarted | not yet started | not begun | to do | to-do | todo
    selected for development
    open | new | draft | planned | backlog | pending | tbd | tba | unstarted | queued | not ready | not done
    not complete | not yet | no | false | not run | untested | missing | none | unknown | - | nicht begonnen | offen
    geplant | entwurf | ausstehend | nein | nicht fertig | non commencé | à faire | en attente | prévu
    brouillon | non | no iniciado | pendiente | por hacer | borrador | planificado | não iniciado | pendente
    a fazer | rascunho | não | non iniziato | da fare | in attesa | bozza | niet gestart | te doen
    nie rozpoczęto | не начато | не начат | запланировано | черновик | нет | 未开始 | 未開始 | 待办 | 待处理
    计划中 | 草稿 | 否
    未着手 | 未完了 | 下書き | 予定 | 미시작 | 시작 전 | 대기 | 대기 중 | 예정
    """,
    BLOCKED: """
    blocked | blocker | on hold | hold | stopped | stuck | failed | fail | failing | failure | rejected
    no-go
    no go | nogo | at risk | off track | broken | error | blockiert | gestoppt | fehlgeschlagen | abgelehnt
    bloqué | échoué | rejeté | en pause | bloqueado | fallido | rechazado | rejeitado | falhou | bloccato
    fallito | respinto | geblokkeerd | zablokowane | заблокировано | отклонено | провалено | 阻塞 | 已阻塞
    受阻 | 失败
    失敗 | 被拒绝 | 暂停 | ブロック | ブロック中 | 保留 | 却下 | 차단됨 | 차단 | 실패 | 보류
    """,
    SKIP: """
    n/a | na | n.a. | not applicable | deferred | descoped | de-scoped | out of scope | cancelled | canceled
    won't do | wont do | won't fix | wontfix | dropped | obsolete | postponed | entfällt | verschoben
    nicht zutreffend | sans objet | reporté | annulé | no aplica | aplazado | cancelado | não se aplica
    adiado
    non applicabile | rinviato | не применимо | отложено | отменено | 不适用 | 推迟 | 已取消 | 対象外 | 延期
    중단 | 해당 없음
    연기
    """,
}
_ENVIRONMENTS = """
dev | development | tst | test | testing | qa | uat | int | integration | stg | stage | staging | acc
acceptance | ppd | preprod | pre-prod | preproduction | pre-production | nonprod | non-prod | prd | prod
production | live | canary | sandbox | demo | entwicklung | abnahme | produktion | développement | recette
préproduction | desarrollo | pruebas | producción | desenvolvimento | homologação | produção | sviluppo
collaudo | produzione | ontwikkeling | acceptatie | productie | 开发 | 测试 | 预发 | 预发布 | 生产 | 生产环境 | 開発
検証 | ステージング | 本番 | 개발 | 스테이징 | 운영
"""
_TOTALS = """
average | gesamt | grand total | overall | somme | sub-total | subtotal | sum | summe | total | totale
totals
всего | итого | 合計 | 合计 | 总计 | 總計 | 총계 | 합계
"""
_TEST_RESULTS = """
error | fail | failed | failing | failure | not run | pass | passed | passing | untested | 不合格 | 合格
失败 | 通过
"""
_IMPLYING_MORE = """
pass | passed | passing | verified | tested | implemented | merged | code complete | on track
mostly done | nearly done | almost done | almost ready | in review | under review | review | reviewing
awaiting review | awaiting approval | pending review | pending approval | pending sign-off | needs review
in qa | qa | staging | in staging
in prüfung | en revue | en revisión | em revisão | in revisione | на проверке | 审核中 | 評審中 | レビュー中 | 검토 중
live | in prod | in production | released | launched | shipped | 已上线 | リリース済み | 출시됨
failed | fail | failing | failure | rejected | broken | error | fehlgeschlagen | abgelehnt | échoué | rejeté
fallido | rechazado | rejeitado | falhou | fallito | respinto | отклонено | провалено
失败 | 失敗 | 被拒绝 | 却下 | 실패
at risk | off track | on hold | hold | 保留 | 보류 | 暂停 | en pause
"""
_SYMBOLS = {
    READY: "✅✔☑🟢👍💚",
    IN_PROGRESS: "🟡🟠🚧🔄⏳⌛🏗💛🔜🔶🔸",
    NOT_STARTED: "⬜⚪◻☐□⭕🔲❌✗✘🆕📝⬛⚫",
    BLOCKED: "🔴⛔🚫🛑👎🟥❗⚠",
}


def _folded(words: str) -> set[str]:
    return {fold_text(word) for word in re.split(r"[|\n]", words) if word.strip()}


def _longest_first(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_ENVIRONMENT_NAMES, _TOTAL_NAMES, _TEST_RESULT_WORDS = map(_folded, (_ENVIRONMENTS, _TOTALS, _TEST_RESULTS))
_STATUS_OF = {word: status for status, words in _WORDS.items() for word in _folded(words)}
_BLOCKED_PREFIX = re.compile(
    f"(?:{_longest_first(word for word, status in _STATUS_OF.items() if status == BLOCKED)})(?=[ :,;(])"
)
_PREFIX_IMPLYING_MORE = re.compile(rf"(?:{_longest_first(_folded(_IMPLYING_MORE))})(?=\W|\Z)")
_STATUS_OF_SYMBOL = {symbol: status for status, symbols in _SYMBOLS.items() for symbol in symbols}
_RANK = {
    key: {header: rank for rank, group in reversed(list(enumerate(groups))) for header in _folded(group)}
    for key, groups in HEADERS.items()
}
_WORD_END = re.compile(r"\s*[(,;:\[]|\s+[-\u2013\u2014/]\s+|\s+(?=\d)|\s+(?=(?:to|until|for|by|on)\s)")
# Additions that do not change the meaning of a word: dates, numbers, names of gates and people. Each is matched at its
# full length, once: otherwise the ways to split a long number would double with each digit.
_HARMLESS_WORDS = (
    r"[\s(),;:.\[\]/\u2013\u2014-]|\d+%?|v\d(?:[\d.]*\d%|[\d.]*)|gate|phase|stage|sprint|q[1-4]|on|by|at|may|"
    r"@[\w-]+(?:(?<=[\w-]\d)%)?|#\d(?:\d+%|\d*)|"
    r"(?:jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec)\w*(?:(?<=\d)%)?"
)
_HARMLESS = re.compile(rf"(?>{_HARMLESS_WORDS})*+", re.IGNORECASE)
_HARMLESS_UNLESS_READY = re.compile(rf"(?>{_HARMLESS_WORDS}|to|until|for)*+", re.IGNORECASE)
_SHARE = re.compile(r"%|(?<![\d/])\d+\s*/\s*\d+(?![\d/])|\A\W*\d+\W*\Z")
"""A share of a whole, or a number with an unknown meaning: work that is done to a share is not done."""


def header_rank(key: str, header: str) -> int | None:
    """Return how clearly a header names a column, 0 the clearest; None: it is not known for that column."""
    return _RANK[key].get(fold_text(header.replace("_", " ")))


def is_environment(header: str) -> bool:
    """Return whether a header is a usual name of an environment."""
    return fold_text(header) in _ENVIRONMENT_NAMES


def is_total(name: str) -> bool:
    """Return whether the text of an id cell is that of a row with totals."""
    return fold_text(_without_symbols(name)) in _TOTAL_NAMES


def is_test_result(word: str) -> bool:
    """Return whether a word is a test result."""
    return fold_text(_without_symbols(word)) in _TEST_RESULT_WORDS


def implies_more(word: str) -> bool:
    """Return whether a word implies more than its status, such as that tests passed, or that it is live.

    Such a word is read, but not written: only the status is known then.
    """
    return bool(_PREFIX_IMPLYING_MORE.match(fold_text(_without_symbols(word))))


def status_meaning(word: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the status that a person would read, and the words for ``[statuses]``; None: it is unclear.

    A text that means READY_FOR_GO_LIVE, or skips a row, is returned whole, since an addition may change its meaning.
    Another text with a harmless addition gives a prefix.
    """
    symbols = {_STATUS_OF_SYMBOL[character] for character in word if character in _STATUS_OF_SYMBOL}
    text = fold_text(_without_symbols(word))
    if not text:
        return (symbols.pop(), (word,)) if len(symbols) == 1 else None
    if status := _STATUS_OF.get(text):
        return None if status == READY and symbols - {READY} else (status, (word,))
    return _meaning_with_addition(word, text, symbols)


def _meaning_with_addition(word: str, text: str, symbols: set[str]) -> tuple[str, tuple[str, ...]] | None:
    """Return the meaning of a known word, or a symbol, that is followed by more text; None: it is unclear.

    Args:
        word: The text of the cell.
        text: The same, folded and without symbols.
        symbols: The statuses of its symbols.
    """
    if blocked := _BLOCKED_PREFIX.match(text):  # No addition makes it better than this.
        return BLOCKED, (*_up_to(word, blocked[0]), word)
    symbol = next((character for character in word if character in _STATUS_OF_SYMBOL), "") if len(symbols) == 1 else ""
    head = "" if symbol and _HARMLESS.fullmatch(text) else _first_word(text)
    status, rest = _STATUS_OF.get(head) or (_STATUS_OF_SYMBOL.get(symbol) if not head else None), text[len(head) :]
    if status is None or not (_HARMLESS if status == READY else _HARMLESS_UNLESS_READY).fullmatch(rest):
        return None
    if status == READY and (symbols - {READY} or _SHARE.search(rest)):
        return None
    start = _up_to(word, head or symbol) if status != SKIP else ()
    if not start or status not in (READY, IN_PROGRESS, NOT_STARTED):
        return status, (*start, word)
    return status, (*start, word) if status == READY else (f"{start[0]}*",)


def _first_word(text: str) -> str:
    return fold_text(_without_symbols(_WORD_END.split(text, maxsplit=1)[0]))


def _up_to(word: str, part: str) -> tuple[str, ...]:
    """Return a text up to the end of a part of it; empty: the part cannot be found."""
    start = word.casefold().find(part)
    return (word[: start + len(part)],) if start >= 0 and len(word.casefold()) == len(word) else ()


def _without_symbols(word: str) -> str:
    """Return a text without symbols, and without punctuation around it."""
    visible = "".join(" " if category(character) in ("So", "Sk", "Cf", "Mn") else character for character in word)
    stripped = visible.strip(" \t.!*_`~…")
    return stripped or ("-" if visible.strip() == "-" else "")
