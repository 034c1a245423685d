// The words of a `.deploy` file. Keywords are soft: the parser's rule `word` lets them name things.
// The lexer sees bytes, of text that is known to be UTF-8; each byte of a character beyond ASCII is
// shown to it as U+0001, which the text cannot hold. It never fails: what it does not know is a token
// of its own, for the parser to point at.
lexer grammar DeployLexer;

tokens { BROKEN_STRING, BROKEN_BLOCK, INTERPOLATION_CLOSE }

@lexer::members {
  // Within a string, or within `${…}` in one. Both end on their line.
  bool in_string() const { return !modeStack.empty(); }

  void break_string() {
    setType(BROKEN_STRING);
    modeStack.clear();
    mode = 0;
  }

  // Called behind the opening quotes: takes the rest of the block, up to as many quotes again; of a
  // longer run of quotes the last ones close. What does not open at the end of its line, stands in
  // a string or never closes is a BROKEN_BLOCK; it ends with its line if quotes close it there.
  void take_block() {
    const size_t quotes = _input->index() - tokenStartCharIndex;
    setType(BROKEN_BLOCK);
    if (in_string()) return;
    while (_input->LA(1) == ' ' || _input->LA(1) == '\t' || _input->LA(1) == '\r') {
      _input->consume();
    }
    const bool opened = _input->LA(1) == '\n';
    size_t run = 0;
    while (run < quotes || _input->LA(1) == '"') {
      const size_t next = _input->LA(1);
      if (next == antlr4::Token::EOF || (next == '\n' && !opened)) return;
      run = next == '"' ? run + 1 : 0;
      _input->consume();
    }
    if (opened) setType(TEXT_BLOCK);
  }
}

DEPLOYMENT : 'deployment' ;
IMPORT_WORD : 'import' ;
INVENTORY : 'inventory' ;
ROLE : 'role' ;
TARGET : 'target' ;
CONNECT : 'connect' ;
MINIMUM : 'minimum' ;
VARIABLE : 'variable' ;
SECRET : 'secret' ;
FROM : 'from' ;
ENVIRONMENT : 'environment' ;
REQUIRE : 'require' ;
IN : 'in' ;
OF : 'of' ;
PROCEDURE : 'procedure' ;
USE : 'use' ;
AS : 'as' ;
AT : 'at' ;
DEADLINE : 'deadline' ;
RESOURCE : 'resource' ;
STEP : 'step' ;
RUN : 'run' ;

ONCE : 'once' ;
ON : 'on' ;
WHERE : 'where' ;
EXCEPT : 'except' ;
WINDOW : 'window' ;
PER : 'per' ;
UP : 'up' ;
BATCHES : 'batches' ;
BY : 'by' ;
VIA : 'via' ;
FIRST : 'first' ;
ORDER : 'order' ;
RANDOM : 'random' ;
STAGGER : 'stagger' ;
WITH : 'with' ;
PREVIOUS : 'previous' ;
AFTER : 'after' ;
SHARED : 'shared' ;

VERIFY : 'verify' ;
UNDO : 'undo' ;
BETWEEN : 'between' ;
SKIP_WORD : 'skip' ;
TAGS : 'tags' ;
REQUIRED : 'required' ;
OPTIONAL : 'optional' ;
DISABLED : 'disabled' ;

WHEN : 'when' ;
SUCCESS : 'success' ;
FAILURE : 'failure' ;
ALWAYS : 'always' ;
FAILURES : 'failures' ;
TOLERATE : 'tolerate' ;
UNREACHABLE : 'unreachable' ;

TIMEOUT : 'timeout' ;
RETRY : 'retry' ;
EVERY : 'every' ;
BACKOFF : 'backoff' ;
IDEMPOTENT : 'idempotent' ;
TAKES : 'takes' ;
TO : 'to' ;
FAILS : 'fails' ;
OFFLINE : 'offline' ;
GIVES : 'gives' ;
USES : 'uses' ;
DRAINS : 'drains' ;
RESTORES : 'restores' ;
INTERRUPTS : 'interrupts' ;

AND : 'and' ;
OR : 'or' ;
NOT : 'not' ;
IF : 'if' ;
THEN : 'then' ;
ELSE : 'else' ;
TRUE : 'true' ;
FALSE : 'false' ;

ID : [A-Za-z_] [A-Za-z0-9_]* ;
// Anything that begins as a number; whether it is one, with a unit or not, is told afterwards.
QUANTITY : [0-9] ( [0-9A-Za-z_] | '.' [0-9] )* '%'? ;

TEXT_BLOCK : '"""' '"'* { take_block(); } ;
STRING_OPEN : '"' -> pushMode(IN_STRING) ;

LBRACE : '{' ;
RBRACE : '}' { if (in_string()) { popMode(); setType(INTERPOLATION_CLOSE); } } ;
LBRACKET : '[' ;
RBRACKET : ']' ;
LPAREN : '(' ;
RPAREN : ')' ;
COMMA : ',' ;
COLON : ':' ;
DOT : '.' ;
EQUAL : '==' ;
NOT_EQUAL : '!=' ;
LESS_OR_EQUAL : '<=' ;
GREATER_OR_EQUAL : '>=' ;
LESS : '<' ;
GREATER : '>' ;
ASSIGN : '=' ;
PLUS : '+' ;
MINUS : '-' ;
STAR : '*' ;
SLASH : '/' ;

COMMENT : '#' ~[\r\n]* -> skip ;
BLANK : [ \t]+ -> skip ;
LINE_END : [\r\n] { if (in_string()) { break_string(); } else { skip(); } } ;
// The bytes of characters beyond ASCII, or a run of one sign that means nothing here.
UNKNOWN : '\u0001'+ | ';'+ | '\''+ | '!'+ | '&'+ | '|'+ | . ;

mode IN_STRING;

STRING_TEXT : ~["\\$\r\n]+ ;
STRING_DOLLAR : '$' -> type(STRING_TEXT) ;
STRING_ESCAPE : '\\u{' [0-9A-Fa-f]* '}' | '\\' ( '\u0001'+ | ~[\r\n] ) ;
STRING_BACKSLASH : '\\' -> type(STRING_TEXT) ;
INTERPOLATION_OPEN : '${' -> pushMode(DEFAULT_MODE) ;
STRING_CLOSE : '"' -> popMode ;
STRING_LINE_END : [\r\n] { break_string(); } ;
