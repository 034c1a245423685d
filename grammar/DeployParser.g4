// The shape of a `.deploy` file. It is generous about where a phrase stands: the resolver knows what
// belongs where, and says so better than a syntax error could.
parser grammar DeployParser;
options { tokenVocab = DeployLexer; }

file : declaration* EOF ;

declaration
  : deployment
  | role
  | variable
  | connect
  | step
  ;

deployment : DEPLOYMENT string ;
variable : VARIABLE word ( COLON word )? ( ASSIGN expression )? ;
connect : CONNECT word block? ;

role : ROLE roleName LBRACE roleItem* RBRACE ;
roleItem
  : target
  | connect
  | minimum
  ;
minimum : MINIMUM expression ;
target : TARGET string ( LBRACE targetItem* RBRACE )? ;
targetItem
  : connect
  | attribute
  ;

step : STEP string phrase* LBRACE stepItem* RBRACE ;
stepItem
  : phrase
  | action
  | step
  ;

phrase
  : ONCE                                             # once
  | ON FAILURE ( HALT | CONTINUE | IGNORE )          # onFailure
  | ON roleName ( COMMA roleName )*                  # onRoles
  | WINDOW expression UP?                            # window
  | ORDER word                                       # order
  | VIA FIRST? roleName                              # via
  | WITH PREVIOUS                                    # withPrevious
  | AFTER string ( COMMA string )*                   # after
  | SHARED                                           # shared
  | TIMEOUT expression                               # timeout
  | RETRY expression ( EVERY expression )?           # retry
  | TOLERATE expression ( FAILURE | FAILURES )?      # tolerate
  | WHEN word                                        # when
  | TAKES expression ( TO expression )?              # takes
  | DRAINS                                           # drains
  | RESTORES                                         # restores
  | INTERRUPTS                                       # interrupts
  | OPTIONAL                                         # optional
  | DISABLED                                         # disabled
  ;

action : RUN word? argument? block? ;
argument : string | TEXT_BLOCK | QUANTITY ;

block : LBRACE attribute* RBRACE ;
attribute : key ( ASSIGN expression | block ) ;
key : anyWord | string ;

expression
  : IF expression THEN expression ELSE expression    # choice
  | conjunction ( OR conjunction )*                  # disjunction
  ;
conjunction : negation ( AND negation )* ;
negation : NOT negation | comparison ;
comparison
  : sum ( ( EQUAL | NOT_EQUAL | LESS | LESS_OR_EQUAL | GREATER | GREATER_OR_EQUAL ) sum )? ;
sum : product ( ( PLUS | MINUS ) product )* ;
product : sign ( ( STAR | SLASH ) sign )* ;
sign : MINUS sign | postfix ;
postfix : primary ( DOT anyWord | LBRACKET expression RBRACKET )* ;
primary
  : QUANTITY                                                        # quantity
  | ( TRUE | FALSE )                                                # truth
  | string                                                          # text
  | TEXT_BLOCK                                                      # textBlock
  | LBRACKET ( expression ( COMMA expression )* )? RBRACKET         # list
  | LPAREN expression RPAREN                                        # grouped
  | variableName LPAREN ( expression ( COMMA expression )* )? RPAREN  # call
  | variableName                                                    # name
  ;
variableName : ID | TARGET | DEPLOYMENT ;

string : STRING_OPEN stringPart* STRING_CLOSE ;
stringPart
  : STRING_TEXT
  | STRING_ESCAPE
  | INTERPOLATION_OPEN expression INTERPOLATION_CLOSE
  ;

roleName : word | string ;
word
  : ID | DEPLOYMENT | ROLE | TARGET | CONNECT | MINIMUM | VARIABLE | STEP | RUN | ONCE | ON | WINDOW
  | UP | ORDER | VIA | FIRST | WITH | PREVIOUS | AFTER | SHARED | TIMEOUT | RETRY | EVERY | TOLERATE
  | FAILURE | FAILURES | HALT | CONTINUE | IGNORE | WHEN | TAKES | TO | DRAINS | RESTORES
  | INTERRUPTS | OPTIONAL | DISABLED
  ;
anyWord : word | AND | OR | NOT | IF | THEN | ELSE | TRUE | FALSE ;
