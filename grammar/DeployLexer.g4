lexer grammar DeployLexer;

DEPLOYMENT : 'deployment' ;
STRING : '"' ~["\r\n]* '"' ;
WS : [ \t\r\n]+ -> skip ;
