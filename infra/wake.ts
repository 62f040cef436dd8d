/** The address at which pipelines ask for runners. Whoever knows it may call; who may wake what, the function decides. */
import { attribute, type Outputs, type Resources } from './cloudformation.ts';
import type { Parameters } from './parameters.ts';

const FUNCTION = 'WakeLambdaFunction';

/** The function URL, and what lets anybody call it: AWS asks for both rights. */
export function wakeResources({ wake }: Parameters): Resources {
  if (!wake) return {};
  return {
    WakeUrl: {
      Type: 'AWS::Lambda::Url',
      Properties: { TargetFunctionArn: attribute(FUNCTION, 'Arn'), AuthType: 'NONE' },
    },
    WakeUrlPermission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: { Ref: FUNCTION },
        Action: 'lambda:InvokeFunctionUrl',
        Principal: '*',
        FunctionUrlAuthType: 'NONE',
      },
    },
    WakeInvokePermission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: { Ref: FUNCTION },
        Action: 'lambda:InvokeFunction',
        Principal: '*',
        InvokedViaFunctionUrl: true,
      },
    },
  };
}

/** Where it is. */
export function wakeOutputs({ wake }: Parameters): Outputs {
  if (!wake) return {};
  return { WakeUrl: { Description: 'Where pipelines ask for runners', Value: attribute('WakeUrl', 'FunctionUrl') } };
}
